import { isMap, type Activation } from '../builder.js';
import { indices, stridesOf } from '../../../network/operators/layout.js';
import { sizeOf } from '../../../tensor.js';
import { inForm, type NodeCall } from './call.js';

/**
 * Channels of a map in groups: [height, width, …groups]. What looks at them as such only to change their order is a
 * permutation of channels (Zhang et al., ShuffleNet, 2018), and becomes one Gather; so channels keep their identity.
 */
interface Groups {
  readonly source: Activation;
  readonly sizes: readonly number[];
  /** Which group stands at each place. */
  readonly order: readonly number[];
}

const known = new WeakMap<Activation, Groups>();

/** Notes that a Reshape only splits channels into groups. */
export function splitInGroups(from: Activation, to: Activation): void {
  const sizes = to.shape.slice(2);
  const splits = isMap(from) && sizes.length > 1 && to.shape[0] === from.shape[0] && to.shape[1] === from.shape[1];
  if (splits && sizeOf(sizes) === from.shape[2]) known.set(to, { source: from, sizes, order: sizes.map((_, i) => i) });
}

/** Notes that a Transpose only puts the groups in another order. */
export function regrouped(from: Activation, to: Activation, perm: readonly number[]): void {
  const groups = known.get(from);
  if (groups === undefined || perm[1] !== 1 || perm[2] !== 2) return;
  known.set(to, { ...groups, order: perm.slice(3).map((axis) => groups.order[axis - 3] as number) });
}

/** The Reshape that puts groups together again, as a permutation of channels; undefined where it is something else. */
export function shuffled(call: NodeCall, input: Activation, shape: readonly number[]): Activation | undefined {
  const groups = known.get(input);
  if (groups === undefined || shape.join() !== groups.source.shape.join()) return undefined;
  const strides = stridesOf(groups.sizes);
  const picks = indices(
    groups.order.map((group) => groups.sizes[group] as number),
    groups.order.map((group) => strides[group] as number),
  );
  const value = call.builder.form(groups.source, 'nchw');
  return inForm(shape, 'nchw', call.emit('Gather', '', [value], { axis: 1, indices: [...picks] }));
}
