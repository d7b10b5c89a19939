import { describe, expect, test } from 'vitest';
import { largest, smallest } from '../../core/extremes.js';
import { product, read, withoutComments } from './sources.js';

/** Rooms whose lists are as long as a study: conditions, images, rows, keys. */
const rooms = /^core\/(?:analysis|ledger|plan|report|study|tables)\//;

/** Calls that take a whole list as their arguments: V8 has room for a hundred thousand or so, then the stack is full. */
function spreadCalls(file: string, text: string): string[] {
  const nested = String.raw`(?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*?`;
  const call = new RegExp(
    String.raw`(?:Math\.(?:max|min|hypot)|\.(?:push|unshift|splice|concat)|fromCharCode|fromCodePoint)\((${nested})\)`,
    'g',
  );
  return [...text.matchAll(call)]
    .filter(([, inside = '']) => argumentsOf(inside).some((argument) => argument.startsWith('...')))
    .map(([whole]) => `${file}: ${whole.slice(0, 80)}`);
}

/** What stands between the commas of a call, without what its arguments are made of. */
function argumentsOf(inside: string): string[] {
  let depth = 0;
  const parts = [''];
  for (const character of inside) {
    if ('([{'.includes(character)) depth++;
    if (')]}'.includes(character)) depth--;
    if (character === ',' && depth === 0) parts.push('');
    else if (depth === 0) parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim());
}

/** Lists as long as a study that are printed as one text, which V8 ends at half a gigabyte: by their names, or where they are spread out. */
function printedLists(file: string, text: string): string[] {
  const long = String.raw`(?:\[\s*\.\.\.|(?:\w+\.)*(?:rows|cells|keys|conditions|results|tables)\b(?!\.(?:length|size)))`;
  const call = new RegExp(String.raw`(?:JSON\.stringify|canonicalJson|encodeRecord|encodeStated)\(\s*${long}`, 'g');
  return [...text.matchAll(call)].map(([whole]) => `${file}: ${whole}`);
}

describe('lists as long as a study', () => {
  test('are never printed as one JSON text', () => {
    const found = product
      .filter((file) => rooms.test(file))
      .flatMap((file) => printedLists(file, withoutComments(read(file))));
    expect(found).toEqual([]);
  });

  test.each([
    ['canonicalJson([...keys].sort())', 1],
    ['JSON.stringify(input.tables)', 1],
    ['encodeRecord(rows)', 1],
    ['JSON.stringify(rows.length)', 0],
    ['JSON.stringify([row.model, row.layer])', 0],
  ])('%s', (text, count) => {
    expect(printedLists('a.ts', text)).toHaveLength(count);
  });

  test('are never the arguments of a call', () => {
    const found = product
      .filter((file) => rooms.test(file))
      .flatMap((file) => spreadCalls(file, withoutComments(read(file))));
    expect(found).toEqual([]);
  });

  test.each([
    ['rows.push(...more);', 1],
    ['Math.max(0, ...rows.map((row) => f(row)))', 1],
    ['Math.min(\n  ...able.map(count),\n)', 1],
    ['rows.push({ ...row, a: 1 });', 0],
    ['rows.push([...row]);', 0],
    ['Math.max(first, last)', 0],
  ])('%s', (text, count) => {
    expect(spreadCalls('a.ts', text)).toHaveLength(count);
  });

  test('have their extremes found, however long they are', () => {
    const long = Float64Array.from({ length: 1_000_000 }, (_, i) => Math.sin(i));
    long[7] = 5;
    long[8] = -5;
    expect([smallest(long), largest(long)]).toEqual([-5, 5]);
    expect([smallest([]), largest([])]).toEqual([Infinity, -Infinity]);
    expect([smallest([1, Number.NaN]), largest([Number.NaN, 1])]).toEqual([Number.NaN, Number.NaN]);
  });
});
