import type { BenchResult, Figure } from './record.js';

const opening = '<!-- results: made from bench/results/ -->';
const closing = '<!-- end of results -->';

/** A number with its range, as the table shows it. */
function shown({ value, unit }: Pick<Figure, 'value' | 'unit'>): string {
  if (typeof value === 'number') return `${digits(value)}${unit}`;
  if (value.low === value.high) return `${digits(value.median)}${unit}`;
  return `${digits(value.median)}${unit} (${digits(value.low)} to ${digits(value.high)})`;
}

function digits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

/** Whether a figure reaches its mark; undefined where it is held to none. */
export function reaches({ value, mark, least = -Infinity, better }: Figure): boolean | undefined {
  if (mark === undefined) return undefined;
  const median = typeof value === 'number' ? value : value.median;
  return (better === 'lower' ? median <= mark : median >= mark) && median >= least;
}

function verdict(figure: Figure, provisional: boolean): string {
  const { mark, least, aim, unit } = figure;
  if (mark === undefined) return 'reported';
  const from = least === undefined ? '' : `${digits(least)}${unit} to `;
  const wanted = `${from}${digits(mark)}${unit}${aim === undefined ? '' : `, aim ${digits(aim)}${unit}`}`;
  if (provisional) return wanted;
  return `${wanted}: ${reaches(figure) ? 'reached' : '**missed**'}`;
}

function section(result: BenchResult): readonly string[] {
  const { bench, command, date, machine, rounds, figures, provisional } = result;
  const bounded = figures.some(({ bound }) => bound !== undefined);
  return [
    `### bench:${bench}`,
    '',
    ...(provisional
      ? [
          '**Provisional**: a small run on a machine that did other work. It shows that the bench runs, and decides nothing.',
          '',
        ]
      : []),
    `\`${command}\`, ${rounds === 1 ? '1 round' : `${rounds} rounds`}, ${date}, ${machine}.`,
    '',
    `| what | measured |${bounded ? ' bound |' : ''} mark |`,
    `|---|---|${bounded ? '---|' : ''}---|`,
    ...figures.map((figure) => {
      const what = figure.note === undefined ? figure.what : `${figure.what}; ${figure.note}`;
      const bound = figure.bound === undefined ? '' : `${digits(figure.bound)}${figure.unit}`;
      return `| ${what} | ${shown(figure)} |${bounded ? ` ${bound} |` : ''} ${verdict(figure, provisional)} |`;
    }),
    '',
  ];
}

/** The page with its tables made anew from results, in the order given; everything else in it stays. */
export function withResults(page: string, results: readonly BenchResult[]): string {
  const from = page.indexOf(opening);
  const to = page.indexOf(closing);
  if (from < 0 || to < from) throw new Error(`the page has no place for results: ${opening} … ${closing}`);
  return `${page.slice(0, from)}${opening}\n\n${results.flatMap(section).join('\n')}\n${page.slice(to)}`;
}
