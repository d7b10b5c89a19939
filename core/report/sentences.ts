import type { ReportContext } from './context.js';
import {
  acrossDepth,
  architecturesInOrder,
  backUp,
  bestPredictor,
  completeness,
  doubts,
  halvingPoints,
  learnedRedundancy,
  mostRobust,
  notFinite,
  repaired,
} from './findings.js';

/** A sentence of the summary, and what it claims. Texts are Markdown, of docs/science.md. */
interface Sentence {
  /** What it says, in a few words. */
  readonly says: string;
  /** What its numbers are of. */
  readonly estimand: string;
  /** How they are got, and when it holds back. */
  readonly method: string;
  /** What is known of them beforehand, or over many simulated studies, and the test that holds it. */
  readonly known: string;
  readonly test: string;
  /** The sentence for a study; undefined where there is nothing of it to say. */
  readonly find: (context: ReportContext) => string | undefined;
}

/** Every sentence that the summary may have, in its order: docs/science.md lists them. */
export const sentences = {
  doubts: {
    says: 'what makes the results doubtful',
    estimand: 'none: a warning',
    method: 'tests of the intact networks’ accuracies (*Doubts about baselines*), and what planning and reading found',
    known: 'labels in another order, and none that fits',
    test: 'test/study/analysing/baseline-doubts.test.ts',
    find: doubts,
  },
  completeness: {
    says: 'how much of what was asked for is there',
    estimand: 'cells and results planned, and those stored',
    method: 'counted',
    known: 'studies with a cell that fails',
    test: 'test/study/running/failures.test.ts',
    find: completeness,
  },
  notFinite: {
    says: 'in how many conditions outputs are not finite',
    estimand: 'conditions, and images in them, of this study',
    method: 'counted',
    known: 'networks that overflow by construction',
    test: 'test/study/non-finite.test.ts',
    find: notFinite,
  },
  architecturesInOrder: {
    says: 'in which order architectures are that were trained several times, and which of these orders are open',
    estimand:
      'the mean over trainings of an architecture, for other trainings and images like these, of the robustness area (else the mean damage of a kernel, else accuracy)',
    method:
      'trainings and images crossed, images paired (*Several trainings*); an order is settled only where its difference is from 0 in intervals that hold for all pairs at once; else it is named open',
    known:
      'textbook intervals where there are no images; simulated coverage of differences; an intraclass correlation of the literature',
    test: 'test/analysis/trainings.test.ts',
    find: architecturesInOrder,
  },
  mostRobust: {
    says: 'which network keeps most accuracy as kernels are removed',
    estimand:
      'the robustness area of these networks (files that are no trainings of one architecture), over images and draws of kernels like these',
    method:
      'delta method over images and trials; the order counts as settled only where the intervals of the first two do not overlap',
    known: 'two points by hand; trials and images drawn anew 400 times, the interval covers in 95 %',
    test: 'test/analysis/curve.test.ts',
    find: mostRobust,
  },
  halvingPoints: {
    says: 'at which removed fraction accuracy has halved',
    estimand: 'where the mean curve, linear between the fractions measured, meets half of the intact accuracy',
    method:
      'the interval of accuracy turned sideways; “at most” before the smallest fraction, “more than” behind the largest',
    known: 'lines by hand; trials and images drawn anew 300 times, the interval covers in 98 %',
    test: 'test/report/halving.test.ts',
    find: halvingPoints,
  },
  backUp: {
    says: 'whether pairs of kernels do more, or less, damage than their changes of the logits add up to',
    estimand: 'the mean excess over pairs like those drawn and images like these, within layers and across them',
    method:
      'dyadic variance over pairs that share kernels, and images; silent where the interval holds 0, or the mean is rounding',
    known:
      'a linear network has 0 for every pair; planted max(a, b) has the whole compensation; pairs drawn anew, the interval covers',
    test: 'test/study/linear-pairs.test.ts',
    find: backUp,
  },
  acrossDepth: {
    says: 'whether kernels of different layers back each other up more than those of one (claim (i))',
    estimand:
      'the mean contrast of excess across and within, over quadruples, layers and images like these, of this network',
    method:
      'within quadruples, clustered by layer with a small-sample correction (*Quadruples*); says so where nothing can be told',
    known:
      'planted across-only and within-only back-up are told apart, end to end; simulated coverage in the table above',
    test: 'test/study/quadruples.test.ts',
    find: acrossDepth,
  },
  repaired: {
    says: 'whether later residual blocks take back a part of what the removal of one does, or add to it',
    estimand:
      'the mean over this network’s residual blocks that have others behind them of direct less total effect, over images like these',
    method:
      'averaged over blocks image by image, then the interval of a mean with tails on both sides; no verdict where it holds 0, or the mean is rounding; nothing where a block has no number',
    known:
      'effects that follow from the weights in float64; a branch planted to put back what another gave takes back all of it, one planted to double the loss adds to it',
    test: 'test/study/compensation.test.ts',
    find: repaired,
  },
  learnedRedundancy: {
    says: 'how far systemic redundancy is above that of networks without what training made',
    estimand:
      'SR less the mean SR of networks with shuffled weights, over base images and shuffles like these; where there are nulls of another kind, the same against each kind alone',
    method:
      'U-statistics over pairs of bases, jackknife over bases and nulls; without a judgement below three nulls, “not resolved” where the bracket is wider than the value',
    known: 'orthogonal sites 0, copies 1, at 16 to 256 bases; a null scored as a network has uniform p',
    test: 'test/analysis/systemic.test.ts',
    find: learnedRedundancy,
  },
  bestPredictor: {
    says: 'which measure of a kernel predicts its damage within a layer, and how well',
    estimand: 'the mean over layers like these of the rank correlation within a layer, on Fisher’s scale',
    method:
      'random effects over layers; “best” only where its lead holds over all comparisons of the study at once; “told from 0” after adjustment over the study',
    known:
      'planted predictors; correlations drawn anew, the interval covers, and equal predictors are rarely called best',
    test: 'test/analysis/predictor.test.ts',
    find: bestPredictor,
  },
} as const satisfies Readonly<Record<string, Sentence>>;

/** What warns of them, and the answers, computed from the tables; each says how sure it is. */
export function findings(context: ReportContext): string[] {
  const all: readonly Sentence[] = Object.values(sentences);
  return all.map(({ find }) => find(context)).filter((sentence) => sentence !== undefined);
}
