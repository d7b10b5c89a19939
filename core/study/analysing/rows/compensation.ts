import { isWhole, signedMean, type KnownMean } from '../../../analysis/damage.js';
import { mean } from '../../../analysis/moments.js';
import { columnMeans } from '../../../analysis/crossed.js';
import { modes } from '../../../spec/words/modes.js';
import type { CompensationRow, ModelRow } from '../../../tables/schema.js';
import { isSound, type AblationResult, type ConditionResult, type ModelResults } from '../../reading/model-results.js';

/** Change of the intact class's logit, image by image, of a condition by its index; undefined where it is not known. */
export type LogitChangeOf = (index: number) => Float64Array | undefined;

/** One removal as it is, and with what is behind held; the last branch has nothing behind, and is the same in both. */
interface Effects {
  readonly total: number;
  direct: number | undefined;
}

interface Branch {
  readonly fill: string;
  readonly block: string;
  readonly depth: number;
  behind: number;
  /** By draw of donors. */
  readonly draws: Effects[];
}

function branches(results: ModelResults, ablation: AblationResult): Branch[] {
  const depths = new Map(results.outline.anatomy.sites.map((site) => [site.name, site.normalisedDepth]));
  const found = new Map<string, Branch>();
  let index = -1;
  for (const { labelled } of ablation.conditions) {
    index += 1;
    const { targets, fill, draw, frozen } = labelled;
    const [target] = targets;
    if (!target) continue;
    const name = `${fill} ${target.group}`;
    const known = found.get(name);
    const branch = known ?? {
      fill,
      block: target.group,
      depth: depths.get(target.cuts[0]?.site ?? '') ?? 0,
      behind: 0,
      draws: [],
    };
    found.set(name, branch);
    const effects = branch.draws[draw ?? 0];
    if (frozen === undefined) branch.draws[draw ?? 0] = { total: index, direct: undefined };
    else if (effects) [effects.direct, branch.behind] = [index, frozen];
  }
  return [...found.values()];
}

/** Means over draws, or over branches, image by image; undefined where one is missing. */
function meanOver(draws: readonly (ArrayLike<number> | undefined)[]): Float64Array | undefined {
  const known = draws.filter((one) => one !== undefined);
  return known.length < draws.length || known.length === 0 ? undefined : columnMeans(known);
}

/** KL of a branch in all and directly, image by image and over draws. */
function klOf(
  ablation: AblationResult,
  draws: readonly Effects[],
): { readonly total: Float64Array | undefined; readonly direct: Float64Array | undefined } {
  const of = (index: number): Float32Array | undefined => {
    const result: ConditionResult | undefined = ablation.conditions.at(index)?.result;
    return isSound(result) ? result.kl : undefined;
  };
  return {
    total: meanOver(draws.map(({ total }) => of(total))),
    direct: meanOver(draws.map(({ total, direct }) => of(direct ?? total))),
  };
}

interface Compared {
  readonly total: number | null;
  readonly direct: number | null;
  readonly repaired: KnownMean | null;
}

/** @param sign 1 where more is worse, as of KL; −1 where less is */
function compared(
  total: Float64Array | undefined,
  direct: Float64Array | undefined,
  sign: 1 | -1,
  level: number,
): Compared {
  if (!total || !direct || !isWhole(total) || !isWhole(direct)) return { total: null, direct: null, repaired: null };
  const repaired = direct.map((value, i) => sign * (value - (total[i] as number)));
  return { total: mean(total), direct: mean(direct), repaired: signedMean(repaired, level) };
}

/** One row a residual branch and fill, whatever is known of it; none in modes that hold nothing. */
export function compensationRows(
  results: ModelResults,
  ablation: AblationResult,
  confidence: number,
  logitChangeOf: LogitChangeOf,
): CompensationRow[] {
  if (!modes[ablation.mode].holds) return [];
  return branches(results, ablation).map(({ draws, behind, ...named }): CompensationRow => {
    const direct = draws.map((one) => one.direct ?? one.total);
    const { total: klTotal, direct: klDirect } = klOf(ablation, draws);
    const kl = compared(klTotal, klDirect, 1, confidence);
    const logit = compared(
      meanOver(draws.map(({ total }) => logitChangeOf(total))),
      meanOver(direct.map(logitChangeOf)),
      -1,
      confidence,
    );
    const isThere = klTotal !== undefined && klDirect !== undefined;
    return {
      model: results.outline.model.name,
      ablation: ablation.name,
      ...named,
      behind,
      kl_total: kl.total,
      kl_direct: kl.direct,
      kl_repaired: kl.repaired?.estimate ?? null,
      kl_repaired_low: kl.repaired?.low ?? null,
      kl_repaired_high: kl.repaired?.high ?? null,
      logit_total: logit.total,
      logit_direct: logit.direct,
      logit_repaired: logit.repaired?.estimate ?? null,
      logit_repaired_low: logit.repaired?.low ?? null,
      logit_repaired_high: logit.repaired?.high ?? null,
      images: klTotal?.length ?? 0,
      non_finite: isThere
        ? klTotal.reduce((sum, value, i) => sum + (Number.isFinite(value + (klDirect[i] as number)) ? 0 : 1), 0)
        : 0,
      state: isThere ? 'ok' : 'failed',
    };
  });
}

/** The effects that `repairColumns` compares, image by image; undefined where one is not known. */
function repairEffects(results: ModelResults): ReturnType<typeof klOf> {
  const ablation = results.ablations.find(({ mode }) => modes[mode].holds);
  if (!ablation) return { total: undefined, direct: undefined };
  const all = branches(results, ablation).filter(({ behind }) => behind > 0);
  const effects = all.filter(({ fill }) => fill === all[0]?.fill).map(({ draws }) => klOf(ablation, draws));
  return {
    total: meanOver(effects.map((one) => one.total)),
    direct: meanOver(effects.map((one) => one.direct)),
  };
}

/** By image, what later branches repair of the removal of one, on average over those of `repairColumns`; undefined where that is not known of all. */
export function repairedByImage(results: ModelResults): Float64Array | undefined {
  const { total, direct } = repairEffects(results);
  if (!total || !direct || !isWhole(total) || !isWhole(direct)) return undefined;
  return direct.map((value, image) => value - total[image]!);
}

type RepairColumns = Pick<ModelRow, 'kl_direct' | 'kl_repaired' | 'kl_repaired_low' | 'kl_repaired_high'>;

/**
 * Columns of the table `models`: means over the branches that have others behind them, of the first ablation that holds these and of its
 * first fill; null where one of them is not known on every image, since the mean would be of others.
 */
export function repairColumns(results: ModelResults, confidence: number): RepairColumns {
  const { total, direct } = repairEffects(results);
  const kl = compared(total, direct, 1, confidence);
  return {
    kl_direct: kl.direct,
    kl_repaired: kl.repaired?.estimate ?? null,
    kl_repaired_low: kl.repaired?.low ?? null,
    kl_repaired_high: kl.repaired?.high ?? null,
  };
}
