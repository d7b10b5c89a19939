import { remembering } from '../remembering.js';

const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** log Γ(x) for x > 0 (Lanczos' approximation, g = 7, Godfrey's coefficients; relative error about 1e-15). */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const z = x - 1;
  let sum: number = lanczos[0];
  for (let i = 1; i < lanczos.length; i++) sum += lanczos[i]! / (z + i);
  const t = z + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** The continued fraction of the incomplete beta function (DLMF 8.17.22) by Lentz' method; converges for x < (a+1)/(a+b+2). */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    const step = d * c;
    fraction *= step;
    if (Math.abs(step - 1) < 1e-16) break;
  }
  return fraction;
}

/** Regularised incomplete beta function I_x(a, b), a, b > 0: the distribution function of Beta(a, b). */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

/** The x at which I_x(a, b) = p, by bisection down to neighbouring floats. */
export function betaQuantile(p: number, a: number, b: number): number {
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  let [low, high] = [0, 1];
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (incompleteBeta(middle, a, b) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Upper tail of the standard normal distribution, accurate in relative terms far out (incomplete gamma function, DLMF 8.7.1 and 8.9.2). */
function normalTail(x: number): number {
  const y = (x * x) / 2;
  const front = Math.exp(-y) * Math.sqrt(y / Math.PI);
  if (y < 1.5) {
    let term = 2;
    let sum = 2;
    for (let n = 1; n < 200 && term > sum * 1e-17; n++) {
      term *= y / (n + 0.5);
      sum += term;
    }
    return (1 - front * sum) / 2;
  }
  let fraction = 0;
  for (let n = 120; n > 0; n--) fraction = (n * (n - 0.5)) / (y + 2 * n + 0.5 - fraction);
  return front / (y + 0.5 - fraction) / 2;
}

/** Φ(x), the standard normal distribution function. */
export function normalCdf(x: number): number {
  if (x === 0) return 0.5;
  return x < 0 ? normalTail(-x) : 1 - normalTail(x);
}

type Coefficients = readonly number[];
const polynomial = (coefficients: Coefficients, x: number): number =>
  coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);

const central: readonly [Coefficients, Coefficients] = [
  [
    3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
    67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
  ],
  [
    1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867, 39307.89580009271061,
    28729.085735721942674, 5226.495278852854561,
  ],
];
const shoulder: readonly [Coefficients, Coefficients] = [
  [
    1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504,
    1.27045825245236838258, 0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4,
  ],
  [
    1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455, 0.14810397642748007459,
    0.0151986665636164571966, 5.475938084995344946e-4, 1.05075007164441684324e-9,
  ],
];
const tail: readonly [Coefficients, Coefficients] = [
  [
    6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123,
    0.026532189526576123093, 0.0012426609473880784386, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
  ],
  [
    1, 0.59983220655588793769, 0.13692988092273580531, 0.0148753612908506148525, 7.868691311456132591e-4,
    1.8463183175100546818e-5, 1.4215117583164458887e-7, 2.04426310338993978564e-15,
  ],
];

/** Φ⁻¹(p), 0 < p < 1 (Wichura, Algorithm AS 241, Applied Statistics 37, 1988; about 16 digits). */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(central[0], r)) / polynomial(central[1], r);
  }
  const r = Math.sqrt(-Math.log(Math.min(p, 1 - p)));
  const [[numerator, denominator], shift] = r <= 5 ? [shoulder, 1.6] : [tail, 5];
  return (Math.sign(q) * polynomial(numerator, r - shift)) / polynomial(denominator, r - shift);
}

/** Quantile of Student's t distribution, 0 < p < 1; infinite freedom gives the normal one. */
export const studentQuantile = remembering(10_000, (p: number, freedom: number): number => {
  if (!Number.isFinite(freedom)) return normalQuantile(p);
  if (p === 0.5) return 0;
  const outside = 2 * Math.min(p, 1 - p);
  const inner = betaQuantile(1 - outside, 0.5, freedom / 2);
  // Each form loses its digits where its variable nears 1, so the other one serves there.
  const square =
    inner < 0.5 ? inner / (1 - inner) : ((x: number): number => (1 - x) / x)(betaQuantile(outside, freedom / 2, 0.5));
  return Math.sign(p - 0.5) * Math.sqrt(freedom * square);
});

/** Two-sided p of Student's t: how often |t| is at least that large with so much freedom. */
export function studentP(t: number, freedom: number): number {
  if (freedom > 1e6) return 2 * normalCdf(-Math.abs(t));
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
}
