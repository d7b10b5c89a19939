import { kindNames, kindOf, type KindName } from './kinds.js';
import { betweenMeasures, relatives, type BetweenMeasure } from './relatives.js';
import { repairMeasures, repairNames, repairs, type RepairMeasure } from './repairs.js';
import { allPairMeasures, type Score } from './scores.js';
import { kernelScores, similarityNames, type NetworksResult, type SuiteResult } from './suite.js';
import type { Systemic } from './systemic.js';

const pairNames = allPairMeasures.map(({ name }) => name);

/** Nearer to 0.5 than this a measure does not tell a kind from noise. */
const BLIND = 0.25;

const shown = (value: number | null): string => (value === null ? '–' : String(Number(value.toPrecision(2))));
const cell = ({ median, auroc }: Score): string =>
  median === null ? '–' : `${shown(median)} (${auroc === null ? '–' : auroc.toFixed(2)})`;
const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** A value with its interval. */
const within = ({ value, low, high }: Systemic): string =>
  value === null ? '–' : `${shown(value)} [${low === null ? '–' : shown(low)}, ${high === null ? '–' : shown(high)}]`;

/** Whether two intervals have nothing in common; null where one is not known. */
function apart(a: Systemic, b: Systemic): boolean | null {
  if (a.low === null || a.high === null || b.low === null || b.high === null) return null;
  return a.low > b.high || a.high < b.low;
}

/** A row of what a measure sees, and to what it is blind. */
function seen(name: string, judged: readonly (readonly [kind: string, seen: boolean | null])[]): string[] {
  const of = (wanted: boolean): string =>
    judged.flatMap(([kind, one]) => (one === wanted ? [kind] : [])).join(', ') || '–';
  return [name, of(true), of(false)];
}

const ofKinds = (name: string, scores: ReadonlyMap<KindName, ReadonlyMap<string, Score>>): string[] =>
  seen(
    name,
    [...scores].map(([kind, own]) => {
      const auroc = own.get(name)?.auroc ?? null;
      return [kind, auroc === null ? null : Math.abs(auroc - 0.5) >= BLIND];
    }),
  );

/** Systemic redundancy of networks, with kinds and without. */
function systemicPart({ systemic }: NetworksResult): string[] {
  return [
    'Systemic redundancy (SR) is a number of a network: with a kind planted into it, and with as many random kernels that nothing reads at the same layers; below them the most active kernels of one layer, passed on by each layer behind it but the last.',
    table(
      ['planted', 'SR', 'with random kernels instead'],
      [...systemic].map(([kind, { planted, random }]) => [kind, within(planted), within(random)]),
    ),
  ];
}

/** Measures between networks. */
function relativesPart({ relatives: scores }: NetworksResult): string[] {
  const names = Object.keys(betweenMeasures) as BetweenMeasure[];
  return [
    'Between networks: one layer of the trained network, from that of a second network at its depth (R² by the lower end).',
    table(
      ['second network', 'what that layer holds', ...names],
      [...scores].map(([kind, values]) => [kind, relatives[kind].what, ...names.map((name) => shown(values[name]))]),
    ),
  ];
}

/** Measures of compensation. */
function repairsPart({ repairs: scores }: NetworksResult): string[] {
  const names = Object.keys(repairMeasures) as RepairMeasure[];
  const known = new Map<string, string>(repairNames.map((kind) => [kind, repairs[kind].what]));
  return [
    'Compensation, in a trained network with skips (`experiments/zoo/residual`) of which blocks of their own carry channels to the head: the median share of the direct effect of removing one that later blocks repair.',
    table(
      ['later blocks', 'what they do', ...names],
      [...scores].map(([kind, values]) => [
        kind,
        known.get(kind) ?? 'blocks of the trained network, of which nothing is known',
        ...names.map((name) => shown(values[name])),
      ]),
    ),
  ];
}

/** What each measure of networks and of blocks sees: its number is that far from what it is without. */
function othersSeen({ systemic, relatives: between, repairs: repaired }: NetworksResult): string[][] {
  const none = between.get('shuffled');
  return [
    seen(
      'SR',
      [...systemic].map(([kind, { planted, random }]) => [kind, apart(planted, random)]),
    ),
    ...(Object.keys(betweenMeasures) as BetweenMeasure[]).map((name) =>
      seen(
        name,
        [...between]
          .filter(([kind]) => kind !== 'shuffled')
          .map(([kind, values]) => {
            const [own, other] = [values[name], none?.[name] ?? null];
            return [kind, own === null || other === null ? null : own - other >= BLIND];
          }),
      ),
    ),
    ...(Object.keys(repairMeasures) as RepairMeasure[]).map((name) =>
      seen(
        name,
        repairNames
          .filter((kind) => kind !== 'not at all')
          .map((kind) => {
            const value = repaired.get(kind)?.[name] ?? null;
            return [kind, value === null ? null : Math.abs(value) >= BLIND];
          }),
      ),
    ),
  ];
}

/** What the suite found of kernels, as Markdown. */
export function suiteDocument({ kernels, pairs, sites }: SuiteResult): string {
  const byKind = (scores: ReadonlyMap<KindName, ReadonlyMap<string, Score>>, names: readonly string[]): string =>
    table(
      ['measure', ...scores.keys()],
      names.map((name) => [
        name,
        ...[...scores.values()].map((own) => cell(own.get(name) ?? { median: null, auroc: null })),
      ]),
    );
  const parts = [
    table(
      ['kind', 'what is planted', 'compared with'],
      kindNames
        .filter((kind) => kernels.has(kind))
        .map((kind) => [
          kind,
          kindOf(kind).what,
          kindOf(kind).against === 'idle' ? 'random kernels that nothing reads' : 'the network’s own kernels',
        ]),
    ),
    'Of kernels: median over the planted ones, and the probability that one of them has more than one that it is compared with (AUROC).',
    byKind(kernels, kernelScores),
  ];
  if (pairs.size > 0) {
    parts.push(
      'Of two that back each other up, against two of the network’s own kernels in the same layers.',
      byKind(pairs, pairNames),
    );
  }
  if (sites.size > 0) {
    parts.push(
      'Between sites: from the layer that is copied to that of the copies, and in a network without them.',
      table(
        ['measure', ...sites.keys()],
        similarityNames.map((name) => [
          name,
          ...[...sites.values()].map(
            (own) => `${shown(own.get(name)?.value ?? null)} (without: ${shown(own.get(name)?.noise ?? null)})`,
          ),
        ]),
      ),
    );
  }
  parts.push(
    `Which measure sees which kind: AUROC at least ${BLIND} from 0.5.`,
    table(
      ['measure', 'sees', 'is blind to'],
      [...kernelScores.map((name) => ofKinds(name, kernels)), ...pairNames.map((name) => ofKinds(name, pairs))],
    ),
  );
  return parts.join('\n\n');
}

/** What it found of networks and of blocks, as Markdown. */
export function networksDocument(result: NetworksResult): string {
  return [
    ...systemicPart(result),
    ...relativesPart(result),
    ...repairsPart(result),
    `Which of these sees what: SR, intervals with and without have nothing in common; between networks, at least ${BLIND} above the shuffled one; repaired, at least ${BLIND} of the direct effect.`,
    table(['measure', 'sees', 'is blind to'], othersSeen(result)),
  ].join('\n\n');
}
