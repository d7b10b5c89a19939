import { UnsupportedNode } from '../../unsupported.js';
import { isMap, type Activation } from '../builder.js';
import type { Pair } from '../windows.js';
import type { NodeCall, NodeImporter, Operand } from './call.js';

type Margins = readonly [number, number, number, number];

/**
 * TensorFlow writes a dilated convolution as three nodes: SpaceToBatchND deals the places of a padded map out to `block`
 * images, a convolution without padding works on those, and BatchToSpaceND puts them together and crops. Here that is one
 * convolution again: its dilation is the block, its pads are the padding less the crops.
 */
interface Spread {
  readonly source: Activation;
  readonly block: Pair;
  /** Top, left, bottom, right. */
  readonly pads: Margins;
  /** Behind the convolution: what makes it, once its pads are known. */
  readonly convolve?: (pads: Margins) => Activation;
}

const known = new WeakMap<Operand, Spread>();

/** What stands between the two outer nodes has no value of ours. */
export function spreadOf(operand: Operand | undefined): Spread | undefined {
  return operand && known.get(operand);
}

function pending(spread: Spread): Activation {
  const stand: Activation = { shape: spread.source.shape, forms: {} };
  known.set(stand, spread);
  return stand;
}

/** The convolution in the middle. */
export const spreadConvolution = (spread: Spread, convolve: (pads: Margins) => Activation): Activation =>
  pending({ ...spread, convolve });

/** [[top, bottom], [left, right]] */
function marginsOf(call: NodeCall, what: string): Margins {
  const [top, bottom, left, right, ...more] = call.ints(2, what);
  if (right === undefined || more.length > 0) throw new UnsupportedNode('other axes than rows and columns');
  return [top as number, left as number, bottom as number, right];
}

function blockOf(call: NodeCall): Pair {
  const [rows, columns, ...more] = call.ints(1, 'block');
  if (columns === undefined || more.length > 0) throw new UnsupportedNode('other axes than rows and columns');
  return [rows as number, columns];
}

export const spaceToBatch: NodeImporter = (call) => {
  const source = call.activation(0);
  if (!isMap(source)) throw new UnsupportedNode('its input is no map');
  return pending({ source, block: blockOf(call), pads: marginsOf(call, 'paddings') });
};

export const batchToSpace: NodeImporter = (call) => {
  const spread = spreadOf(call.inputs[0]);
  const block = blockOf(call);
  if (!spread?.convolve || spread.block.join() !== block.join()) {
    throw new UnsupportedNode('it ends no dilated convolution');
  }
  const crops = marginsOf(call, 'crops');
  const pads = spread.pads.map((pad, side) => pad - (crops[side] as number)) as unknown as Margins;
  if (pads.some((pad) => pad < 0)) throw new UnsupportedNode('it crops more than was padded');
  return spread.convolve(pads);
};
