import { largest } from '../extremes.js';
import type { Json } from '../canonical.js';
import { visible, visibleJson } from '../visible.js';
import type { QueryResult } from './query.js';

/** The result as text for people: columns aligned, numbers to the right at 4 significant digits, a line with the count. */
export function printText(result: QueryResult, options: { readonly maxWidth?: number } = {}): string {
  const limit = options.maxWidth ?? 48;
  const isNumber = result.columns.map((_, i) => result.rows.some((row) => typeof row[i] === 'number'));
  const cells = [
    result.columns.map((column) => clip(inCell(column.name), limit)),
    ...result.rows.map((row) => row.map((value) => clip(printCell(value), limit))),
  ];
  const widths = result.columns.map((_, i) => largest(cells.map((row) => width(row[i] ?? ''))));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => {
        const space = ' '.repeat((widths[i] ?? 0) - width(cell));
        return isNumber[i] ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  const [head = [], ...body] = cells;
  const rule = widths.map((w) => '─'.repeat(w)).join('  ');
  const count = `${result.rows.length} ${result.rows.length === 1 ? 'row' : 'rows'}`;
  return [line(head), rule, ...body.map(line), count].join('\n') + '\n';
}

/** The result as JSON: an array of one object a row, in full precision. */
export function printJson(result: QueryResult): string {
  const rows = result.rows.map((row) =>
    visibleJson(JSON.stringify(Object.fromEntries(result.columns.map((column, i) => [column.name, row[i] ?? null])))),
  );
  return rows.length === 0 ? '[]\n' : `[\n  ${rows.join(',\n  ')}\n]\n`;
}

/**
 * The result as CSV after RFC 4180: a header, CRLF, quotes where needed, an empty field for a missing value. Texts that a spreadsheet
 * would take for a formula are quoted and begin with an apostrophe; numbers stay numbers, control characters are shown.
 */
export function printCsv(result: QueryResult): string {
  const text = (value: string): string => {
    const field = visible(formula.test(value) ? `'${value}` : value);
    return field !== value || /[",\r\n\t]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
  };
  const field = (value: Json): string => {
    if (value === null) return '';
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    return text(typeof value === 'object' ? JSON.stringify(value) : value);
  };
  const lines = [result.columns.map((column) => text(column.name)), ...result.rows.map((row) => row.map(field))];
  return lines.map((line) => `${line.join(',')}\r\n`).join('');
}

/** What spreadsheets take for the beginning of a formula, full-width forms and what they skip before it included; integers above 2^53 are texts here. */
const formula = /^(?!-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Infinity)$)(?:[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]|[\t\r\n])/iu;

function printCell(value: Json): string {
  if (value === null) return '–';
  if (typeof value === 'number') return printNumber(value);
  if (typeof value === 'object') return inCell(JSON.stringify(value));
  return inCell(String(value));
}

/** Line ends would break the table, other control characters could drive a terminal. */
function inCell(text: string): string {
  return visible(text.replace(/[\t\r\n]+/g, '·'));
}

function printNumber(value: number): string {
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1e-4 && size < 1e7 ? String(Number(value.toPrecision(4))) : value.toExponential(3);
}

/** Columns of a terminal that the text takes: wide East Asian characters and emoji take two, marks none. */
function width(text: string): number {
  let sum = 0;
  for (const character of text) {
    if (/\p{Mn}|\p{Me}|\u200d/u.test(character)) continue;
    sum +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return sum;
}

const segmenter = new Intl.Segmenter('en');

function clip(text: string, limit: number): string {
  const characters = Array.from(segmenter.segment(text), ({ segment }) => segment);
  return characters.length > limit ? `${characters.slice(0, limit - 1).join('')}…` : text;
}
