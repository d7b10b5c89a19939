import type { Shape, ValueId } from '../network/graph.js';

/** Whether the channels of a site can be negative. Comparisons across sites are reported by type. */
export type SiteType = 'signed' | 'rectified';

/**
 * A value where one may intervene. The channel axis is 1 (NCHW) at every site. Several layers or blocks may name the
 * same site (the last convolution of a residual branch is the branch's output), so lesions are keyed by site.
 */
export interface Site {
  /** Module path of the convolution or branch it belongs to; unique among the sites of a network. */
  readonly name: string;
  readonly aliases: readonly string[];
  readonly value: ValueId;
  readonly type: SiteType;
  readonly channels: number;
  /** Shape of one image's activation: [channels, height, width], or [channels] after a Gemm. */
  readonly shape: Shape;
  /** Position in topological order among all sites, from 0. */
  readonly depth: number;
  /** Depth as a fraction of the network's layers: 0 at the first site, 1 at the last. */
  readonly normalisedDepth: number;
  /** Input pixels between neighbouring elements of the map (rows, columns), product of strides from the input. */
  readonly stride: readonly [number, number];
  /** Input coordinate (row, column) of the centre of element (0, 0)'s receptive field; may be fractional. */
  readonly offset: readonly [number, number];
  /** Receptive field in input pixels (rows, columns), Araujo et al., "Computing Receptive Fields of CNNs", Distill 2019. */
  readonly receptiveField: readonly [number, number];
  /**
   * Whether every element sees the whole image besides, by something on the way that looks at a whole map: a norm's
   * statistics, a gate, attention, a global pool. Field and stride are those of the windows alone.
   */
  readonly wholeImage: boolean;
}

/**
 * A convolution with its kernels, cut at `site`. Those whose channels are the classes are left out. A depthwise
 * convolution and the one whose kernels it carries on one to one are a single layer, named after the last of them.
 */
export interface Layer {
  readonly name: string;
  readonly site: string;
  /** Id of the (last) convolution's node. */
  readonly node: string;
  readonly kernels: number;
  /** Weights and biases of its convolutions; normalisation is not counted. */
  readonly parameters: number;
  /** Multiply-accumulates of its convolutions for one image. */
  readonly macs: number;
  /** Names of the convolutions whose kernels are coupled one to one, in topological order; empty where it is just one. */
  readonly coupled: readonly string[];
  /** Absent where the way ended as ways do: behind the activation, or at what reads the kernels. */
  readonly ended?: WayEnd;
}

/** Where the way from a convolution towards its activation ended early, and why. */
export interface WayEnd {
  /** Names of the nodes that read the site, three at most. */
  readonly before: readonly string[];
  /** For people: a clause such as "its value has two consumers". */
  readonly reason: string;
}

/** A residual branch: removing all channels at `site` leaves the identity path. */
export interface Block {
  readonly name: string;
  readonly site: string;
  readonly layers: readonly string[];
}

/** One residual stream; channel c of it is cut at every writer at once. */
export interface Stream {
  readonly name: string;
  readonly channels: number;
  /** For each channel of the stream, where it is written. */
  readonly writers: readonly (readonly { readonly site: string; readonly channel: number }[])[];
}

/** Channel c of `gated` is multiplied by channel c of `gate` (squeeze and excite). Both are layers. */
export interface Gate {
  readonly gated: string;
  readonly gate: string;
}

/** What can be cut out of a network, in topological order. */
export interface Anatomy {
  readonly sites: readonly Site[];
  readonly layers: readonly Layer[];
  readonly blocks: readonly Block[];
  readonly streams: readonly Stream[];
  readonly gates: readonly Gate[];
  /** Numbers that the network gives out for one image: of the output that is read. */
  readonly outputs: number;
}
