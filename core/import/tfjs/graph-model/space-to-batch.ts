import { UnsupportedNode } from '../../unsupported.js';
import { isMap } from '../builder.js';
import type { Pair } from '../windows.js';
import type { NodeCall, NodeImporter } from './call.js';
import { pending, spreadOf, type Margins } from './spread.js';

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
