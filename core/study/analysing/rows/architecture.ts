import { columnMeans } from '../../../analysis/crossed.js';
import { areaInfluences, correctness } from '../../../analysis/curve.js';
import { isWhole } from '../../../analysis/damage.js';
import { jackknifeInfluences } from '../../../analysis/interval.js';
import { mean } from '../../../analysis/moments.js';
import { quantities, type QuantityName } from '../../../analysis/quantities.js';
import { replaceabilityInfluences } from '../../../analysis/replaceability.js';
import {
  betweenTrainings,
  intraclass,
  trainingsDifference,
  trainingsMean,
  type TrainingEstimate,
} from '../../../analysis/trainings.js';
import { largest, smallest } from '../../../extremes.js';
import type { FillName } from '../../../spec/words/fills.js';
import type { ArchitectureDifferenceRow, ArchitectureRow, ModelRow } from '../../../tables/schema.js';
import { architectureOf, trainingPlace } from '../../../training-name.js';
import { wordsOf } from '../../../word-table.js';
import type { ModelResults } from '../../reading/model-results.js';
import { repairedByImage } from './compensation.js';
import { singleKernels } from './kernel.js';
import { robustnessInputs } from './model.js';
import type { Systemic } from './redundancy.js';
import { networkDamages } from './replaceability.js';

/** What is known of one training. */
export interface TrainingFacts {
  readonly row: ModelRow;
  readonly results: ModelResults;
  readonly systemic: Systemic | undefined;
  /** Mean contrast of the first quadruples that the study asks for. */
  readonly contrast: number | null;
  readonly confidence: number;
}

type Parts = TrainingEstimate['parts'];

const none: Parts = new Map();

/** Influences by image of the network's own set. */
const byImage = ({ results }: TrainingFacts, values: ArrayLike<number> | null | undefined): Parts =>
  values ? new Map([[`images ${results.outline.model.data}`, values]]) : none;

const byBase = ({ results }: TrainingFacts, leaveOneOut: readonly number[] | undefined): Parts =>
  leaveOneOut && leaveOneOut.length > 2
    ? new Map([[`bases ${results.outline.model.reference}`, jackknifeInfluences(leaveOneOut)]])
    : none;

function robustnessParts(facts: TrainingFacts): Parts {
  const { baseline, labels } = facts.results;
  const inputs = robustnessInputs(facts.results);
  const found = inputs && areaInfluences(correctness(baseline.predicted, labels), inputs);
  if (!found) return none;
  // Which kernels a trial draws is the same in all trainings.
  const draws = [...found.trials].filter(([, { length }]) => length > 1);
  return new Map([...byImage(facts, found.images), ...draws.map(([f, values]) => [`draws ${f}`, values] as const)]);
}

function replaceabilityParts(facts: TrainingFacts, fill: FillName): Parts {
  const compared = networkDamages(facts.results, fill);
  return byImage(facts, compared && replaceabilityInfluences(compared.substituted, compared.lost, facts.confidence));
}

/** Damage of single kernels, averaged over all of them image by image; undefined where one is not known on all images. */
function kernelDamage({ results }: TrainingFacts): Float64Array | undefined {
  const all = [...singleKernels(results).values()].flat();
  const known = all.flatMap((result) => (result && isWhole(result.kl) ? [result.kl] : []));
  const whole = results.outline.anatomy.layers.reduce((total, { kernels }) => total + kernels, 0);
  return known.length === 0 || known.length < whole ? undefined : columnMeans(known);
}

const ofColumn = (column: QuantityName & keyof ModelRow, partsOf: (facts: TrainingFacts) => Parts) => ({
  value: ({ row }: TrainingFacts): number | null => row[column],
  parts: partsOf,
});

/** Each quantity of one training, and how it comes from what was sampled. */
const measured: {
  readonly [Q in QuantityName]: {
    readonly value: (facts: TrainingFacts) => number | null;
    readonly parts: (facts: TrainingFacts) => Parts;
  };
} = {
  accuracy: ofColumn('accuracy', (facts) =>
    byImage(facts, correctness(facts.results.baseline.predicted, facts.results.labels)),
  ),
  robustness_area: ofColumn('robustness_area', robustnessParts),
  kernel_kl: {
    value: (facts) => mean(kernelDamage(facts) ?? []),
    parts: (facts) => byImage(facts, kernelDamage(facts)),
  },
  replaceability_same: ofColumn('replaceability_same', (facts) => replaceabilityParts(facts, 'substitute')),
  replaceability_earlier: ofColumn('replaceability_earlier', (facts) =>
    replaceabilityParts(facts, 'substitute-earlier'),
  ),
  kl_repaired: ofColumn('kl_repaired', (facts) => byImage(facts, repairedByImage(facts.results))),
  contrast: { value: ({ contrast }) => contrast, parts: () => none },
  sr: ofColumn('sr', (facts) => byBase(facts, facts.systemic?.intact.leaveOneOut)),
  sr_excess: ofColumn('sr_excess', (facts) => byBase(facts, facts.systemic?.against?.leaveOneOut)),
  r2_same_low: ofColumn('r2_same_low', () => none),
  r2_far_low: ofColumn('r2_far_low', () => none),
};

/** Trainings of a study, by architecture: what each says of every quantity is kept, and nothing else of it. */
export class Architectures {
  readonly #estimates = new Map<QuantityName, Map<string, TrainingEstimate[]>>();

  /** Takes note of a network, where it is one of several trainings. */
  add(facts: TrainingFacts): void {
    if (trainingPlace(facts.row.model) === undefined) return;
    const architecture = architectureOf(facts.row.model);
    for (const name of wordsOf(quantities)) {
      const { value, parts } = measured[name];
      const estimate = value(facts);
      if (estimate === null || !Number.isFinite(estimate)) continue;
      const own = this.#estimates.get(name) ?? new Map<string, TrainingEstimate[]>();
      this.#estimates.set(name, own);
      own.set(architecture, [...(own.get(architecture) ?? []), { estimate, parts: parts(facts) }]);
    }
  }

  /** Quantities with the architectures of which two trainings have them. */
  #known(): (readonly [QuantityName, readonly (readonly [string, readonly TrainingEstimate[]])[]])[] {
    return wordsOf(quantities).flatMap((name) => {
      const own = [...(this.#estimates.get(name) ?? [])].filter(([, { length }]) => length > 1);
      return own.length === 0 ? [] : [[name, own] as const];
    });
  }

  /** One row a quantity and architecture. */
  rows(confidence: number): ArchitectureRow[] {
    return this.#known().flatMap(([quantity, architectures]) => {
      const values = architectures.map(([, trainings]) => trainings.map(({ estimate }) => estimate));
      const icc = intraclass(values, confidence);
      return architectures.flatMap(([architecture, trainings], place): ArchitectureRow[] => {
        const found = trainingsMean(trainings, confidence);
        const between = betweenTrainings(trainings);
        if (found === null || between === null) return [];
        const { estimate, over } = found;
        const { least = -Infinity, most = Infinity }: { readonly least?: number; readonly most?: number } =
          quantities[quantity];
        const [low, high] = [found.low, found.high].map((end) => Math.min(most, Math.max(least, end))) as [
          number,
          number,
        ];
        return [
          {
            architecture,
            quantity,
            trainings: trainings.length,
            estimate,
            low,
            high,
            over,
            least: smallest(values[place] as number[]),
            greatest: largest(values[place] as number[]),
            between_sd: Math.sqrt(between),
            icc: icc?.estimate ?? null,
            icc_low: icc?.low ?? null,
            icc_high: icc?.high ?? null,
          },
        ];
      });
    });
  }

  /** One row a quantity and two architectures, in the order of the study. */
  differences(confidence: number): ArchitectureDifferenceRow[] {
    return this.#known().flatMap(([quantity, architectures]) => {
      const comparisons = (architectures.length * (architectures.length - 1)) / 2;
      return architectures.flatMap(([architecture, own], place) =>
        architectures.slice(place + 1).flatMap(([other, theirs]): ArchitectureDifferenceRow[] => {
          const alone = trainingsDifference(own, theirs, confidence);
          const atOnce = trainingsDifference(own, theirs, 1 - (1 - confidence) / comparisons);
          if (alone === null || atOnce === null) return [];
          return [
            {
              quantity,
              architecture,
              other,
              trainings: own.length,
              trainings_other: theirs.length,
              difference: alone.estimate,
              low: alone.low,
              high: alone.high,
              over: alone.over,
              comparisons,
              all_low: atOnce.low,
              all_high: atOnce.high,
              settled: atOnce.low > 0 || atOnce.high < 0,
            },
          ];
        }),
      );
    });
  }
}
