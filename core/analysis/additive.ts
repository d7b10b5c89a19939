import { divergence, divergenceOfChange } from '../divergence.js';

/** What two lesions would do together, were their changes of the logits to add up, and what they do; an entry an image. */
export interface JointDamage {
  /** Damage of the added changes, in nats; NaN where it or the excess is not finite. */
  readonly additive: Float64Array;
  /** Damage of both together less that: above 0 where each covers for the other, below 0 where one loses what the other needs. */
  readonly excess: Float64Array;
}

/** Outputs of one network under four conditions on the same images, each [images × classes]. */
export interface PairOutputs {
  readonly intact: Float64Array;
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly joint: Float64Array;
}

/**
 * Image by image, KL(p ‖ softmax(z + Δz_a + Δz_b)) and KL(p ‖ joint) less that, with z the intact logits and p their softmax. A
 * network whose logits change by the sum of the single changes has an excess of 0, however curved KL is.
 *
 * @param outputs natural logs of class probabilities (logits centred one way or another: a constant of a row has no effect); or values that are no classes, whose damage is half the squared distance
 * @param classed whether outputs are classes
 */
export function jointDamage(outputs: PairOutputs, classes: number, classed: boolean): JointDamage {
  const { intact, a, b, joint } = outputs;
  const change = new Float64Array(classes);
  const images = intact.length / classes;
  const [additive, excess] = [new Float64Array(images), new Float64Array(images)];
  for (let i = 0; i < images; i++) {
    const start = i * classes;
    for (let c = 0; c < classes; c++) change[c] = a[start + c]! + b[start + c]! - 2 * intact[start + c]!;
    const expected = divergenceOfChange(intact, change, start, classes, classed);
    const difference = divergence(intact, joint, start, classes, classed) - expected;
    const known = Number.isFinite(difference);
    additive[i] = known ? expected : Number.NaN;
    excess[i] = known ? difference : Number.NaN;
  }
  return { additive, excess };
}

/**
 * The excess of pairs from sketches of the changes of their outputs, [images × values] each, whose squared length is twice the KL to second
 * order: both terms are of that order, so that a network that is additive has 0 here, too. NaN where a sketch is no number.
 */
export function sketchedExcess(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  joint: ArrayLike<number>,
  values: number,
): Float64Array {
  return Float64Array.from({ length: joint.length / values }, (_, i) => {
    let total = 0;
    for (let j = i * values; j < (i + 1) * values; j++) total += joint[j]! ** 2 - (a[j]! + b[j]!) ** 2;
    return total / 2;
  });
}
