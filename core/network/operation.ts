/** Name of a tensor on an edge of the graph; unique in its graph. */
export type ValueId = string;

/** A dimension that the graph leaves open: the number of images, or of rows in a program. */
export const DYNAMIC = -1;

/** Dimensions, row-major; `DYNAMIC` where open. Activations are NCHW: [DYNAMIC, channels, height, width]. */
export type Shape = readonly number[];

export type Attribute = number | string | readonly number[];

/** What an operator is told of one of its nodes: what it reads, writes and is set to. */
export interface Operation {
  /** Unique in its graph. */
  readonly id: string;
  /** Its name; a row of `operators/table.ts`. */
  readonly op: string;
  /** Activations and constants, in ONNX order; '' for an optional input left out. */
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Module path in the network's own terms (`layer2.0.conv1`) where one could be recovered; else the node's name. */
  readonly path: string;
}
