import { largest, smallest } from '../extremes.js';
import { quantities } from '../analysis/quantities.js';
import { architectureOf, trainingPlace } from '../training-name.js';
import { architectureOrder, intraclassSentence, openOrders, printOrder, trainingsEach } from './architecture-order.js';
import type { ArchitectureOrder } from './architecture-order.js';
import { grouped, present, unique, type ReportContext } from './context.js';
import { mainCurveSet } from './curves.js';
import { halving, printHalving, type Halving } from './halving.js';
import { nulls } from '../spec/words/nulls.js';
import { wordsOf } from '../word-table.js';
import { mainPredictor } from './main-predictor.js';
import { ROUNDING } from './rounding.js';
import { count, counted, listed, percent, significant, withInterval } from './number-format.js';

/** What warns of the results. */
export function doubts({ input }: ReportContext): string | undefined {
  const [first] = input.warnings;
  if (first === undefined) return undefined;
  const more = input.warnings.length - 1;
  return `Warning: ${first}${more === 0 ? '' : ` ${counted(more, 'more warning')} under Coverage.`}`;
}

/** How much of what was asked for is there. */
export function completeness({ input }: ReportContext): string | undefined {
  const { coverage, models } = input.tables;
  if (coverage.length === 0) return 'This study has no results yet.';
  const planned = coverage.reduce((sum, row) => sum + row.planned, 0);
  const committed = coverage.reduce((sum, row) => sum + row.committed, 0);
  const images = largest([0, ...models.map((row) => row.images)]);
  const scope = `${counted(input.study.models.length, 'network')} on ${images === 0 ? 'no image yet' : `up to ${counted(images, 'image')}`}`;
  return committed === planned
    ? `The study is complete: ${scope}, ${counted(planned, 'cell')}.`
    : `The study is not complete: ${count(committed)} of ${counted(planned, 'cell')} are there (${percent(committed / Math.max(1, planned))}), for ${scope}; what follows may still change.`;
}

/** How many conditions have outputs that are no numbers, and what becomes of them; nothing where there is none. */
export function notFinite({ input }: ReportContext): string | undefined {
  const { of, conditions, images, whole, networks } = input.gathered.notFinite;
  if (conditions === 0) return undefined;
  return (
    `Outputs are not finite in ${counted(conditions, 'condition')} of ${count(of)} (${listed(networks)}; ${counted(images, 'image')} in all, ` +
    `${whole === 0 ? 'never on every image' : `on every image in ${count(whole)}`}): such an image counts as wrong, and has no loss and no KL; means of KL are over the others, and a mean over several conditions that would need it is missing.`
  );
}

/** By what architectures are put in an order: the first of these that a study has. */
const orderedBy = [
  ['robustness_area', 'keeps the largest share of its accuracy when kernels are removed, by robustness area'],
  ['kernel_kl', 'relies most on single kernels, by the mean damage of one (nat)'],
  ['accuracy', 'is right most often, by accuracy'],
] as const;

/** Whether the first of an order is told from all others. */
const told = ({ rows: [first], open }: ArchitectureOrder): boolean =>
  open.every(([more]) => more !== first?.architecture);

/** In which order architectures with several trainings are, which orders are open, and how far one training speaks for its architecture. */
export function architecturesInOrder({ input, level }: ReportContext): string | undefined {
  for (const [quantity, says] of orderedBy) {
    const order = architectureOrder(input.tables, quantity);
    const [first, second] = order?.rows ?? [];
    if (!order || !first) continue;
    const over = `${first.over} like these`;
    const trained = trainingsEach(order.rows);
    if (!second) {
      const { architecture, estimate, low, high } = first;
      return `Over ${over} (${trained}), ${architecture} has the following by ${quantities[quantity].meaning}: ${withInterval(estimate, low, high)}.`;
    }
    return [
      `Of ${counted(order.rows.length, 'architecture')} (${trained}), over ${over}, ${told(order) ? `${first.architecture} ${says}` : `it is open which ${says}`}: ${printOrder(order)}.`,
      // Of two, that it is open is said already.
      order.rows.length === 2 && !told(order) ? '' : openOrders(order, level),
      intraclassSentence(order),
    ]
      .filter(Boolean)
      .join(' ');
  }
  return undefined;
}

/** Which network loses least accuracy, and whether the next one is told from it: of those that are no trainings of an architecture with several. */
export function mostRobust({ input, level }: ReportContext): string | undefined {
  const ranked = input.tables.models
    .filter((row) => present(row.robustness_area) && trainingPlace(row.model) === undefined)
    .toSorted((a, b) => (b.robustness_area ?? 0) - (a.robustness_area ?? 0));
  const [first, second] = ranked;
  if (first === undefined) return undefined;
  const area = (row: typeof first) => withInterval(row.robustness_area, row.robustness_low, row.robustness_high);
  if (second === undefined) return `${first.model} has a robustness area of ${area(first)}.`;
  const apart =
    present(first.robustness_low) && present(second.robustness_high) && first.robustness_low > second.robustness_high;
  const keeps = 'keeps the largest share of its accuracy when kernels are removed';
  const networks = `Of ${counted(ranked.length, 'network')}, one training each,`;
  return apart
    ? `${networks} ${first.model} ${keeps} (robustness area ${area(first)}), before ${second.model} (${area(second)}).`
    : `${networks} it is open which ${keeps}: the largest robustness areas are those of ${first.model} (${area(first)}) and ${second.model} (${area(second)}), and their ${level} intervals overlap or are unknown.`;
}

/** At which removed fraction each network has lost half of its accuracy. */
export function halvingPoints({ input, level }: ReportContext): string | undefined {
  const set = mainCurveSet(input.tables);
  if (set === undefined) return undefined;
  const found = input.tables.models.flatMap((row) => {
    const half = halving(
      set.rows.filter((curve) => curve.model === row.model),
      row.accuracy,
    );
    return half === undefined ? [] : [{ model: row.model, half }];
  });
  const halved = found
    .filter(({ half }) => half.kind !== 'beyond')
    .toSorted((a, b) => b.half.fraction - a.half.fraction);
  const beyond = found.filter(({ half }) => half.kind === 'beyond');
  const parts = [
    halved.length === 0
      ? ''
      : `Accuracy halves once ${listed(
          [...grouped(halved, ({ model }) => architectureOf(model))].map(([name, own]) =>
            printHalvings(
              name,
              own.map(({ half }) => half),
            ),
          ),
        )} of the ${set.unit}s are removed`,
    beyond.length === 0
      ? ''
      : `${listed(beyond.map(({ model }) => model))} still ${beyond.length === 1 ? 'has' : 'have'} more than half with ${percent(largest(beyond.map(({ half }) => half.fraction)))} of the ${set.unit}s removed`,
  ].filter(Boolean);
  const alone = found.some(({ model }) => trainingPlace(model) === undefined);
  const how = [set.mode === 'random' ? set.spread : set.mode, `filled with ${set.fill}`].join(', ');
  return parts.length === 0
    ? undefined
    : `${parts.join('; ')} (${how}${alone ? `; ${level} intervals over trials and images` : ''}).`;
}

/** `12.3 % (10.1 % to 15.0 %) in NAME`; of several trainings from the least to the greatest estimate, without intervals. Fractions descend. */
function printHalvings(name: string, halves: readonly Halving[]): string {
  const [most, least] = [halves[0], halves.at(-1)];
  if (most === undefined || least === undefined || most === least) return `${printHalving(most)} in ${name}`;
  const [low, high] = [least, most].map((half) => printHalving({ ...half, low: null, high: null }));
  return `${low === high ? low : `${low} to ${high}`} in ${name} (${counted(halves.length, 'training')})`;
}

/** Which pairs, and what is said of them where their mean excess is not 0. */
const pairParts = [
  ['layer', 'of one layer'],
  ['across', 'of different layers'],
] as const;

/** Whether random pairs back each other up, on average; nothing where their changes of the logits add up as far as can be told. */
export function backUp({ input, level }: ReportContext): string | undefined {
  const random = new Set(input.study.ablations.flatMap(({ name, mode }) => (mode === 'pairs' ? [name] : [])));
  const all = input.tables.interactions.filter((row) => row.measure === 'excess' && random.has(row.ablation));
  const [first] = all;
  if (first === undefined) return undefined;
  const said = pairParts.flatMap(([part, where]) => {
    const rows = all.filter(
      (row) =>
        row.part === part && row.ablation === first.ablation && row.fill === first.fill && present(row.interaction),
    );
    const by = (found: typeof rows): string =>
      listed(found.map((row) => `${row.model} (${withInterval(row.interaction, row.low, row.high)} nat)`));
    const more = rows.filter((row) => (row.low ?? 0) > 0 && (row.interaction ?? 0) > ROUNDING);
    const less = rows.filter((row) => (row.high ?? 0) < 0 && (row.interaction ?? 0) < -ROUNDING);
    const which = `two ${first.unit}s ${where}`;
    return [
      more.length > 0 ? `${which} do more damage than their changes of the logits add up to in ${by(more)}` : '',
      less.length > 0 ? `${which} do less damage than their changes of the logits add up to in ${by(less)}` : '',
    ].filter(Boolean);
  });
  if (said.length === 0) return undefined;
  return `On average over pairs, ${said.join('; ')} (mean excess, ${level} intervals; ${first.ablation}, filled with ${first.fill}).`;
}

/** Claim (i): whether back-up lies across the depth, from quadruples and nothing else. */
export function acrossDepth({ input, level }: ReportContext): string | undefined {
  const all = input.tables.contrasts.filter((row) => row.part === 'all');
  const [first] = all;
  if (first === undefined) return undefined;
  const rows = all.filter((row) => row.ablation === first.ablation && row.fill === first.fill);
  const judged = rows.filter((row) => present(row.low) && present(row.high));
  const unknown = rows.filter((row) => !judged.includes(row)).map((row) => row.model);
  const by = (found: typeof rows): string =>
    listed(
      found.map(
        (row) =>
          `${row.model} (${withInterval(row.contrast, row.low, row.high)} nat, ${counted(row.quadruples, 'quadruple')})`,
      ),
    );
  const [more, less] = [
    judged.filter((row) => (row.low ?? 0) > 0 && (row.contrast ?? 0) > ROUNDING),
    judged.filter((row) => (row.high ?? 0) < 0 && (row.contrast ?? 0) < -ROUNDING),
  ] as const;
  const open = judged.filter((row) => !more.includes(row) && !less.includes(row));
  const said = [
    more.length > 0 ? `more than two of one layer in ${by(more)}` : '',
    less.length > 0 ? `less than two of one layer in ${by(less)}` : '',
    open.length > 0 ? `to an extent that is not told apart from that of two of one layer in ${by(open)}` : '',
  ].filter(Boolean);
  const asked = `${first.ablation}, filled with ${first.fill}`;
  if (said.length === 0)
    return `Whether kernels back each other up across layers or within them can't be told by so few layers in ${listed(unknown)} (${asked}).`;
  const rest = unknown.length === 0 ? '' : ` Of ${listed(unknown)} so few layers tell nothing.`;
  return `In quadruples, two kernels of different layers back each other up ${said.join('; ')} (contrast of excess, ${level} intervals; ${asked}).${rest}`;
}

/** What later residual branches repair of the removal of one, on average over branches. */
export function repaired({ input, level }: ReportContext): string | undefined {
  const rows = input.tables.models.filter((row) => present(row.kl_repaired));
  if (rows.length === 0) return undefined;
  const asked = rows.flatMap(({ model }) => input.tables.compensation.find((row) => row.model === model) ?? []);
  const by = (found: typeof rows): string =>
    listed(
      found.map(
        (row) =>
          `${row.model} (${withInterval(row.kl_repaired, row.kl_repaired_low, row.kl_repaired_high)} nat, where the direct KL is ${significant(row.kl_direct)})`,
      ),
    );
  const back = rows.filter((row) => (row.kl_repaired_low ?? 0) > 0 && (row.kl_repaired ?? 0) > ROUNDING);
  const on = rows.filter((row) => (row.kl_repaired_high ?? 0) < 0 && (row.kl_repaired ?? 0) < -ROUNDING);
  const open = rows.filter((row) => !back.includes(row) && !on.includes(row));
  const said = [
    back.length > 0 ? `take back a part of what the removal of a block does in ${by(back)}` : '',
    on.length > 0 ? `add to what the removal of a block does in ${by(on)}` : '',
    open.length > 0 ? `change nothing that can be told of what the removal of a block does in ${by(open)}` : '',
  ].filter(Boolean);
  return `On average over residual blocks, later ones ${said.join('; ')} (mean of direct less total KL; ${level} intervals over images; ${listed(unique(asked.map(({ ablation, fill }) => `${ablation}, filled with ${fill}`)))}).`;
}

/** In how many networks systemic redundancy is beyond that of nulls of another kind than shuffled ones; empty without any. */
function beyondOthers({ input }: ReportContext): string {
  const said = wordsOf(nulls).flatMap((kind) => {
    const rows = input.tables.excess.filter(
      (row) => row.measure === 'sr' && row.kind === kind && kind !== 'shuffled' && present(row.excess_low),
    );
    const above = rows.filter((row) => (row.excess_low ?? 0) > 0).length;
    return rows.length === 0 ? [] : [`networks ${nulls[kind].with} in ${above} of ${rows.length}`];
  });
  return said.length === 0 ? '' : ` In the same sense it lies beyond ${listed(said)}.`;
}

/** How far systemic redundancy is above that of networks with shuffled weights. */
export function learnedRedundancy(context: ReportContext): string | undefined {
  const { input } = context;
  const rows = input.tables.models
    .filter((row) => present(row.sr_excess))
    .toSorted((a, b) => (b.sr_excess ?? 0) - (a.sr_excess ?? 0));
  const [first] = rows;
  const last = rows.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const judged = rows.filter((row) => present(row.sr_excess_low));
  const above = judged.filter((row) => (row.sr_excess_low ?? 0) > 0);
  const open = rows.filter((row) => row.sr_resolved === false).map((row) => row.model);
  const ends = [significant(last.sr_excess), significant(first.sr_excess)];
  const range =
    ends[0] === ends[1]
      ? `is ${ends[0]} in ${listed(rows.map((row) => row.model))}`
      : `lies between ${ends[0]} (${last.model}) and ${ends[1]} (${first.model})`;
  return (
    `Systemic redundancy beyond the mean of networks with shuffled weights ${range}; ` +
    (judged.length === 0
      ? 'fewer than three such networks tell nothing of its error.'
      : `in ${above.length} of ${counted(judged.length, 'network')} its interval lies above 0.`) +
    beyondOthers(context) +
    (open.length === 0 ? '' : ` Not resolved by so few bases: that of ${listed(open)}.`)
  );
}

/** The least and the greatest of some numbers, as they are shown; once where they look alike. */
function range(values: readonly number[]): string {
  const [least, greatest] = [significant(smallest(values)), significant(largest(values))];
  return least === greatest ? least : `${least} to ${greatest}`;
}

/** Named the best only where its lead over all others is above 0, in an interval that holds for all of the study's at once. */
export function bestPredictor({ input, level }: ReportContext): string | undefined {
  const main = mainPredictor(input.tables);
  if (main === undefined) return undefined;
  const values = main.rows.map((row) => row.spearman ?? 0);
  const ceilings = main.rows.map((row) => row.ceiling).filter(present);
  const best = main.rows.filter((row) => (row.lead_low ?? 0) > 0).map((row) => row.model);
  const found = main.rows.filter((row) => row.discovered === true).length;
  const [only] = main.rows as readonly [(typeof main.rows)[number]];
  const correlation =
    (values.length === 1
      ? `${withInterval(only.spearman, only.low, only.high)} in ${only.model}`
      : `${range(values)} over ${counted(values.length, 'network')}`) +
    (ceilings.length === 0 ? '' : `, where reliability allows at most ${range(ceilings)}`);
  const damage = `of damage (${main.target}, filled with ${main.fill}) within a layer`;
  const judged =
    best.length === 0
      ? `Of the predictors ${damage} none is shown to be the best; the strongest here is ${main.predictor}`
      : `The best predictor ${damage} is ${main.predictor}${best.length === main.rows.length ? '' : ` in ${listed(best)}`} (${level} over all comparisons)`;
  return (
    `${judged}: rank correlation ${correlation}` +
    (found === main.rows.length ? '.' : `; told from 0 in ${found} of ${counted(main.rows.length, 'network')}.`)
  );
}
