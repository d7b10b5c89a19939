import { kindNames, kindOf, type KindName } from './kinds.js';
import { allPairMeasures, type Score } from './scores.js';
import { kernelScores, similarityNames, type SuiteResult } from './suite.js';

const pairNames = allPairMeasures.map(({ name }) => name);

/** Measures of percuss that the suite does not reach yet, with the reason. */
export const notYet: Readonly<Record<string, string>> = {
  'systemic redundancy': 'a number of a network, not of kernels: known answers in test/analysis/systemic.test.ts',
};

/** Nearer to 0.5 than this a measure does not tell a kind from noise. */
const BLIND = 0.25;

const shown = (value: number | null): string => (value === null ? '–' : String(Number(value.toPrecision(2))));
const cell = ({ median, auroc }: Score): string =>
  median === null ? '–' : `${shown(median)} (${auroc === null ? '–' : auroc.toFixed(2)})`;
const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

function blindness(name: string, scores: ReadonlyMap<KindName, ReadonlyMap<string, Score>>): string[] {
  const judged = [...scores].flatMap(([kind, own]) => {
    const auroc = own.get(name)?.auroc ?? null;
    return auroc === null ? [] : [{ kind, seen: Math.abs(auroc - 0.5) >= BLIND }];
  });
  const of = (seen: boolean): string =>
    judged
      .filter((one) => one.seen === seen)
      .map(({ kind }) => kind)
      .join(', ') || '–';
  return [name, of(true), of(false)];
}

/** What the suite found, as Markdown. */
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
      [...kernelScores.map((name) => blindness(name, kernels)), ...pairNames.map((name) => blindness(name, pairs))],
    ),
    `Not yet in the suite: ${Object.entries(notYet)
      .map(([name, why]) => `${name} (${why})`)
      .join('; ')}.`,
  );
  return parts.join('\n\n');
}
