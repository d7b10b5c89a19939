import { absoluteSum, mean } from '../../analysis/moments.js';
import { kernelWeights } from '../../anatomy/kernel-weights.js';
import type { Graph } from '../../network/graph.js';
import { needsScores } from '../../plan/conditions.js';
import { conditionList, scoresName, type ModelOutline } from '../../plan/outline.js';
import { scoringAblation } from '../../plan/scoring-ablation.js';
import { UNSCREENED } from '../../plan/screen.js';
import { targetsOf, type Target } from '../../plan/target.js';
import type { AblationSpec } from '../../spec/study-spec.js';
import type { RemovalOrder } from '../../spec/words/removal-orders.js';
import type { GradientsRead, SiteProfile } from '../reading/model-results.js';

/** What scores are read from. Undefined or missing where it is not stored yet. */
export interface ScoreSource {
  graph(outline: ModelOutline): Graph;
  profile(outline: ModelOutline): Promise<ReadonlyMap<string, SiteProfile> | undefined>;
  /** What gradients say of kernels on the reference images. */
  gradients(outline: ModelOutline): Promise<GradientsRead | undefined>;
  /** Damage of each condition over all chunks (`damageScore`); undefined where a cell is missing or failed. */
  meanKl(outline: ModelOutline, ablation: string): Promise<readonly (number | undefined)[] | undefined>;
}

/** Of a target whose score could not be had: it is removed last, never ranked as harmless. */
const UNDECIDED = Number.MAX_VALUE;

/**
 * Mean KL; where outputs are not finite on some images, above every mean, and the more the more images these are: damage
 * beyond any measure. Always finite.
 */
export function damageScore(kl: ArrayLike<number>): number {
  let [sum, lost] = [0, 0];
  for (let i = 0; i < kl.length; i++) {
    const value = kl[i] as number;
    if (Number.isFinite(value)) sum += value;
    else lost++;
  }
  return lost === 0 ? sum / kl.length : (UNDECIDED / 2) * (lost / kl.length);
}

/** L1 norm of each kernel's weights, by layer name. */
export function weightNorms(graph: Graph, outline: Pick<ModelOutline, 'anatomy'>): ReadonlyMap<string, Float64Array> {
  return new Map(
    [...kernelWeights(graph, outline.anatomy)].map(([layer, kernels]) => [
      layer,
      Float64Array.from(kernels, absoluteSum),
    ]),
  );
}

/** Scores of every ablation whose order depends on results that are all there, by `model/ablation`. */
export async function scoresOf(
  outlines: readonly ModelOutline[],
  source: ScoreSource,
): Promise<Readonly<Record<string, readonly number[]>>> {
  const scores: Record<string, readonly number[]> = {};
  for (const outline of outlines) {
    for (const { spec } of outline.ablations) {
      if (!needsScores(spec)) continue;
      const known = await scoreTargets(outline, spec, source);
      if (known) scores[scoresName(outline.model.name, spec.name)] = known.map((score) => score ?? UNDECIDED);
    }
  }
  return scores;
}

function scoreTargets(outline: ModelOutline, spec: AblationSpec, source: ScoreSource): Promise<Scores> {
  const scored = { outline, spec, source, targets: targetsOf(outline.anatomy, spec.unit, spec.layers) };
  return spec.pairs?.screen ? screenScores(scored) : scorers[spec.order](scored);
}

/** Damages above every mean, see `damageScore`. */
const BEYOND = 1e300;

/** What each target does alone, on average over fills and draws; UNSCREENED where that is not known, or beyond any measure. */
async function screenScores({ outline, spec, source, targets }: Scored): Promise<Scores> {
  const { name } = scoringAblation(spec);
  const list = conditionList(outline, name);
  const damages = await source.meanKl(outline, name);
  if (!damages) return undefined;
  const places = new Map(targets.map((target, place) => [targetName(target), place]));
  const own: (number | undefined)[][] = targets.map(() => []);
  damages.forEach((damage, index) => {
    const [target] = list.at(index).targets;
    const place = target && places.get(targetName(target));
    if (place !== undefined) own[place]?.push(damage);
  });
  return own.map((all) => {
    const known = all.filter((damage) => damage !== undefined && damage < BEYOND) as number[];
    return known.length === 0 || known.length < all.length ? UNSCREENED : Math.max(0, mean(known) ?? 0);
  });
}

const targetName = ({ group, channel }: Target): string => `${group}[${channel ?? ''}]`;

interface Scored {
  readonly outline: ModelOutline;
  readonly spec: AblationSpec;
  readonly source: ScoreSource;
  readonly targets: readonly Target[];
}

type Scores = readonly (number | undefined)[] | undefined;

/** What each order ranks targets by, those removed first lowest. */
const scorers: { readonly [O in RemovalOrder]: (scored: Scored) => Promise<Scores> } = {
  random: () => Promise.resolve(undefined),
  'weight-norm': ({ outline, source, targets }) => {
    const norms = weightNorms(source.graph(outline), outline);
    const bySite = new Map(outline.anatomy.layers.map((layer) => [layer.site, norms.get(layer.name)]));
    return Promise.resolve(sumOverCuts(targets, (site, channel) => bySite.get(site)?.[channel] ?? 0));
  },
  'activation-std': async ({ outline, source, targets }) => {
    const profile = await source.profile(outline);
    return profile && sumOverCuts(targets, (site, channel) => profile.get(site)?.std[channel] ?? 0);
  },
  linearised: async ({ outline, source, targets }) => {
    const gradients = await source.gradients(outline);
    return gradients && sumOverCuts(targets, (site, channel) => gradients.of(site, channel)?.damage ?? Number.NaN);
  },
  kl: ({ outline, spec, source, targets }) => {
    const { name } = scoringAblation(spec);
    if (conditionList(outline, name).length !== targets.length) return Promise.resolve(undefined);
    return source.meanKl(outline, name);
  },
};

/** Undefined where a sum is not finite. */
function sumOverCuts(
  targets: readonly Target[],
  score: (site: string, channel: number) => number,
): (number | undefined)[] {
  return targets.map((target) => {
    const total = target.cuts.reduce(
      (sum, cut) => sum + cut.channels.reduce((inner, channel) => inner + score(cut.site, channel), 0),
      0,
    );
    return Number.isFinite(total) ? total : undefined;
  });
}
