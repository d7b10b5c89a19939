/** r(+a) and r(−a) of one site to one impulse, flat and alike in shape: differences to the run without impulse. */
export interface ResponsePair {
  readonly plus: Float32Array;
  readonly minus: Float32Array;
}

/** The part of a response that changes sign with the impulse: (r(+a) − r(−a)) / 2. */
export function oddPart({ plus, minus }: ResponsePair): Float32Array {
  return plus.map((v, i) => (v - minus[i]!) / 2);
}

/** The part of a response that doesn't: (r(+a) + r(−a)) / 2. */
export function evenPart({ plus, minus }: ResponsePair): Float32Array {
  return plus.map((v, i) => (v + minus[i]!) / 2);
}

/** Sum of squares in float64. */
export function squaredNorm(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]! * values[i]!;
  return total;
}

/** Euclidean norm. */
export const norm = (values: ArrayLike<number>): number => Math.sqrt(squaredNorm(values));

export interface ResponseShape {
  /** ‖r(+a)‖. */
  readonly norm: number;
  readonly oddNorm: number;
  readonly evenNorm: number;
  /** λ = ‖odd‖² / (‖odd‖² + ‖even‖²): 1 for a linear network; null for a response that is 0. */
  readonly linearity: number | null;
  /** Cosine between r(+a) and −r(−a): 1 for a linear network, −1 for an even response; null where one is 0. */
  readonly oddness: number | null;
}

/** How far a response is odd (as a linear network's is) and how far even. Design §2, "Impulse response". */
export function responseShape({ plus, minus }: ResponsePair): ResponseShape {
  let [pp, mm, pm, odd, even] = [0, 0, 0, 0, 0];
  for (let i = 0; i < plus.length; i++) {
    const p = plus[i]!;
    const m = minus[i]!;
    pp += p * p;
    mm += m * m;
    pm += p * m;
    odd += ((p - m) / 2) ** 2;
    even += ((p + m) / 2) ** 2;
  }
  const scale = Math.sqrt(pp) * Math.sqrt(mm);
  return {
    norm: Math.sqrt(pp),
    oddNorm: Math.sqrt(odd),
    evenNorm: Math.sqrt(even),
    linearity: odd + even > 0 ? odd / (odd + even) : null,
    oddness: scale > 0 ? Math.min(1, Math.max(-1, -pm / scale)) : null,
  };
}

/**
 * λ over several impulses or channels at once: odd and even energies are summed before they are divided, so strong
 * responses count for more. Null where all are 0.
 */
export function pooledLinearity(
  shapes: readonly { readonly oddNorm: number; readonly evenNorm: number }[],
): number | null {
  let [odd, all] = [0, 0];
  for (const { oddNorm, evenNorm } of shapes) {
    odd += oddNorm * oddNorm;
    all += oddNorm * oddNorm + evenNorm * evenNorm;
  }
  return all > 0 ? odd / all : null;
}

/** A rectangle of a map; height and width 0 where nothing lies in it. */
export interface Extent {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/**
 * The smallest rectangle outside which every |value| of every channel is at most `tolerance`; values are
 * [channels × height × width]. Outside the projective field of an impulse only rounding is left, of about the
 * activation's size times the unit roundoff: that is the tolerance to give, see `roundingTolerance`.
 */
export function cropExtent(
  values: ArrayLike<number>,
  channels: number,
  height: number,
  width: number,
  tolerance: number,
): Extent {
  let [top, bottom, left, right] = [height, -1, width, -1];
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      const row = (c * height + y) * width;
      for (let x = 0; x < width; x++) {
        if (Math.abs(values[row + x]!) <= tolerance) continue;
        top = Math.min(top, y);
        bottom = Math.max(bottom, y);
        left = Math.min(left, x);
        right = Math.max(right, x);
      }
    }
  }
  return bottom < 0
    ? { top: 0, left: 0, height: 0, width: 0 }
    : { top, left, height: bottom - top + 1, width: right - left + 1 };
}

/** What float32 may leave of a difference of activations that should be 0: 16 units of roundoff of the largest |activation|. */
export function roundingTolerance(activation: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < activation.length; i++) most = Math.max(most, Math.abs(activation[i]!));
  return 16 * 2 ** -24 * most;
}

/** The rectangle cut out of [channels × height × width]. */
export function crop(
  values: Float32Array,
  channels: number,
  height: number,
  width: number,
  extent: Extent,
): Float32Array {
  const out = new Float32Array(channels * extent.height * extent.width);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < extent.height; y++) {
      const from = (c * height + extent.top + y) * width + extent.left;
      out.set(values.subarray(from, from + extent.width), (c * extent.height + y) * extent.width);
    }
  }
  return out;
}
