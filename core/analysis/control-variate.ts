/**
 * Predictions of bounded values whose mean over the whole population is known beforehand, as a control variate of a sequence of bets. Before value
 * t is drawn the predictions of all that are left have a known mean, so that prediction less mean is 0 on average however the order falls: any
 * multiple of it that follows from what was drawn before may be added to a bet's gain, and whoever bets stays a martingale.
 *
 * The multiple is the least squares coefficient of the values drawn before on their predictions: about 1 where these are right, and soon 0 where
 * they say nothing, so that the worst predictions cost next to nothing. Shekhar, Xu, Lipton, Liang and Ramdas, "Risk-limiting
 * financial audits via weighted sampling without replacement", UAI 2023, section 4; of the idea: Angelopoulos, Bates, Fannjiang, Jordan and Zrnic,
 * "Prediction-powered inference", Science 382, 2023.
 */
export interface ControlVariate {
  /** By time, over the whole population: multiple of prediction less the mean of what was left. */
  readonly shift: Float64Array;
  /** How far below 0, and above it, the shift could have been, whichever value had been drawn. */
  readonly fall: Float64Array;
  readonly rise: Float64Array;
  /** The multiple after all values drawn, which stands for all later ones. */
  readonly coefficient: number;
  /** Mean of all predictions less that of those whose values are drawn. */
  readonly ahead: number;
}

/** The coefficient before anything is drawn, and the sum of squares, in units of bound², that it is worth: an image or so of those that matter. */
const [FIRST, WORTH] = [0.7, 0.05];

/** Predictions that are far too small count no more than this. */
const MOST = 1.5;

/** @param predicted of the whole population, in the order of drawing, each in [0, bound]; `values` are a beginning of it. */
export function controlVariate(values: ArrayLike<number>, predicted: ArrayLike<number>, bound: number): ControlVariate {
  const population = predicted.length;
  const left = leftOf(predicted);
  const [shift, fall, rise] = [1, 2, 3].map(() => new Float64Array(population)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const fit = new Slope(FIRST, WORTH * bound * bound);
  for (let t = 0; t < population; t++) {
    const own = predicted[t] as number;
    const mean = left.mean[t] as number;
    shift[t] = fit.slope * (own - mean);
    fall[t] = fit.slope * (mean - (left.least[t] as number));
    rise[t] = fit.slope * ((left.most[t] as number) - mean);
    if (t < values.length) fit.add(own, values[t] as number);
  }
  const ahead = values.length === 0 ? 0 : (left.mean[0] as number) - fit.meanOfPredictions;
  return { shift, fall, rise, coefficient: fit.slope, ahead };
}

/** Of paired differences: one variate less another. */
export function variateOfDifferences(
  a: ControlVariate | undefined,
  b: ControlVariate | undefined,
): ControlVariate | undefined {
  if (!a || !b) return undefined;
  return {
    shift: a.shift.map((own, t) => own - (b.shift[t] as number)),
    fall: a.fall.map((own, t) => own + (b.rise[t] as number)),
    rise: a.rise.map((own, t) => own + (b.fall[t] as number)),
    coefficient: Number.NaN,
    ahead: Number.NaN,
  };
}

/** Mean, least and most of the entries from each time on. */
function leftOf(predicted: ArrayLike<number>): Readonly<Record<'mean' | 'least' | 'most', Float64Array>> {
  const of = (): Float64Array => new Float64Array(predicted.length);
  const left = { mean: of(), least: of(), most: of() };
  let [sum, least, most] = [0, Infinity, -Infinity];
  for (let t = predicted.length - 1; t >= 0; t--) {
    const own = predicted[t] as number;
    sum += own;
    least = Math.min(least, own);
    most = Math.max(most, own);
    left.least[t] = least;
    left.most[t] = most;
    left.mean[t] = Math.min(most, Math.max(least, sum / (predicted.length - t)));
  }
  return left;
}

/** Slope of a least squares line, point by point, with a first guess. */
class Slope {
  #count = 0;
  #meanY = 0;
  #xx: number;
  #xy: number;
  meanOfPredictions = 0;

  constructor(first: number, worth: number) {
    this.#xx = worth;
    this.#xy = first * worth;
  }

  get slope(): number {
    return Math.min(MOST, Math.max(0, this.#xy / this.#xx));
  }

  add(x: number, y: number): void {
    this.#count++;
    const before = x - this.meanOfPredictions;
    this.meanOfPredictions += before / this.#count;
    this.#meanY += (y - this.#meanY) / this.#count;
    this.#xx += before * (x - this.meanOfPredictions);
    this.#xy += before * (y - this.#meanY);
  }
}
