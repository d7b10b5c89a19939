import type { ValueId } from '../network/graph.js';
import type { Tensor } from '../tensor.js';
import { measuredEffect } from './effect.js';
import type { LesionPath } from './lesion-path.js';
import { standing, type PreparedEdit } from './selection.js';

/** A path whose effect is known once a walk has passed all of its edits. */
export interface MeasuredPath extends LesionPath {
  readonly edits: readonly PreparedEdit[];
  effect: number;
}

/**
 * Takes the effects of edits at a value, which stands here intact. Gives those conditions that are at one cut alone as paths whose edits
 * know what stands there, so that what is told of it is told once.
 */
export function measuredAt<P extends MeasuredPath>(
  measured: readonly P[],
  value: ValueId,
  activation: Tensor<'float32'>,
  start: number,
): ReadonlyMap<P, LesionPath> {
  const paths = new Map<P, LesionPath>();
  for (const condition of measured) {
    const edits = standing(
      condition.edits.filter((edit) => edit.value === value),
      activation,
      start,
    );
    condition.effect = Math.max(condition.effect, measuredEffect(edits, value, activation, start));
    const [step, ...later] = condition.steps;
    if (step && later.length === 0 && edits.length > 0)
      paths.set(condition, { steps: [{ ...step, edits }], outputs: condition.outputs });
  }
  return paths;
}

/** Bytes that what is told from earlier sites may take on a tile: of one condition whatever it takes. */
const HELD_BYTES = 2 ** 28;

/** Conditions in their order, in as few parts as hold no more than that on tiles of so many images. */
export function heldTogether<P extends Pick<MeasuredPath, 'edits'>>(
  conditions: readonly P[],
  tile: number,
): readonly (readonly P[])[] {
  const parts: P[][] = [];
  let bytes = 0;
  for (const condition of conditions) {
    const own = condition.edits.reduce((sum, { fill }) => sum + tile * (fill.held ?? 0), 0);
    const last = parts.at(-1);
    if (last && bytes + own <= HELD_BYTES) last.push(condition);
    else parts.push([condition]);
    bytes = last && bytes + own <= HELD_BYTES ? bytes + own : own;
  }
  return parts;
}
