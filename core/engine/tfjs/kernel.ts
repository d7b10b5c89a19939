import type * as tf from '@tensorflow/tfjs-core';
import type { Node, Shape } from '../../network/graph.js';
import type { Laid } from './laid.js';

/** What a node reads in one run, in order; undefined for constants and optional inputs left out. */
export type RunInputs = readonly (Laid | undefined)[];

/** Something that a run has or computes. Constants are the same in every run. */
export type Reader<T> = (inputs: RunInputs) => T;

/** One node as a kernel sees it when a program is compiled. What it makes here lives as long as the program. */
export interface Lowering {
  readonly node: Node;
  /** Shapes of its inputs as the graph knows them; undefined for an optional input left out. */
  readonly shapes: readonly (Shape | undefined)[];
  /** Input number `index`. */
  operand(index: number): Reader<Laid>;
  /** What `prepare` makes of an input: once where it is a constant, else in each run. */
  prepared(index: number, prepare: (x: Laid) => tf.Tensor): Reader<tf.Tensor>;
  /** A number, on the device. */
  number(value: number): tf.Tensor;
  /** Anything else that does not depend on the run. */
  keep(make: () => tf.Tensor): tf.Tensor;
  /** Shapes of the outputs for what this run reads, as the operator's definition infers them. */
  outputShapes(inputs: RunInputs): readonly Shape[];
}

/** How an operator is computed with TensorFlow.js: called once a node, returns what each run does. */
export type Kernel = (at: Lowering) => Reader<readonly Laid[]>;
