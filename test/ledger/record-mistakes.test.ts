import { describe, expect, test } from 'vitest';
import { sha256 } from '../../core/digest.js';
import { recordProblem } from '../../core/ledger/record-kinds.js';

const id = sha256('a study');

describe('what is wrong with a record', () => {
  const mode = { engine: 'reference', precision: 'float32', device: 'cpu' };
  const choice = { chosen: mode, machine: 'x64 with avx2', measured: [] };
  const stage = (missing: unknown, more: object = {}) => ({
    index: 1,
    groups: [{ kind: 'cells', model: 'm', name: 'a', chunk: 0, missing, seconds: 1, ...more }],
    scores: {},
  });
  const plan = `plans/${id}.json`;
  const cases: readonly (readonly [key: string, value: unknown, problem: RegExp | undefined])[] = [
    [`roots/${id}.json`, { id, study: 'x', created: '2026-11-30T08:00:00.000Z' }, undefined],
    [
      `roots/${id}.json`,
      { id: sha256('x'), study: 'x', created: '2026-11-30T08:00:00.000Z' },
      /^it is about study \w{12}$/,
    ],
    [`machines/${sha256(choice.machine)}.json`, choice, undefined],
    [`machines/${id}.json`, choice, /^it is about x64 with avx2$/],
    [`studies/${id}/submissions/000012.json`, { number: 12 }, undefined],
    [`studies/${id}/submissions/000012.json`, { number: 13 }, /calls itself number 13/],
    [`studies/${id}/submissions/000012.json`, { number: 0 }, /^it is not a submission of a study \(number: /],
    [
      `studies/${id}/latest/000000001.json`,
      {
        state: 'complete',
        percuss: '0',
        failed: 0,
        outputs: { report: { key: 'store.json', sha256: id }, summary: { key: 'store.json', sha256: id }, tables: {} },
      },
      /names store\.json, which is no output of this study/,
    ],
    [plan, stage([]), undefined],
    [
      plan,
      stage([
        [0, 1],
        [1, 4],
        [9, 10],
      ]),
      undefined,
    ],
    [plan, stage({ length: 0 }), /^it is not a planned stage \(groups\.0\.missing: are no ranges\)$/],
    [plan, stage([{ 0: 0, 1: 5, length: 2 }]), /are no ranges/],
    [plan, stage([[0, 5, 6]]), /are no ranges/],
    [plan, stage([[0]]), /are no ranges/],
    [plan, stage([[3, 3]]), /are no ranges/],
    [plan, stage([[0, 0.5]]), /are no ranges/],
    [plan, stage([[0.5, 2]]), /are no ranges/],
    [
      plan,
      stage([
        [0, 5],
        [4, 6],
      ]),
      /are no ranges/,
    ],
    [plan, { ...stage([]), scores: { 'a/b': [1, null, -2.5] } }, undefined],
    [plan, { ...stage([]), scores: { 'a/b': [1, '2'] } }, /is no list of numbers/],
    [plan, { ...stage([]), scores: { 'a/b': { length: 0 } } }, /is no list of numbers/],
    [`analyses/${id}.json`, { tables: { models: { rows: 3, sha256: id } } }, undefined],
    [`analyses/${id}.json`, { tables: {} }, undefined],
    [
      `analyses/${id}.json`,
      { tables: { models: { rows: -1, sha256: id } } },
      /^it is not an analysis \(tables\.models\.rows: /,
    ],
    [`analyses/${id}.json`, { tables: { models: { rows: 3, sha256: 'x' } } }, /tables\.models\.sha256: is no SHA-256/],
    [`analyses/${id}.json`, { tables: { Models: { rows: 3, sha256: id } } }, /cannot name a table|Invalid key/],
    [`analyses/${id}.json`, {}, /^it is not an analysis \(tables: /],
    [`analyses/${id}.json`, 7, /^it is not an analysis \(Invalid input: expected object/],
    ['notes.json', {}, /not one that percuss gives/],
    [`plans/${id}.json.bak`, {}, /not one that percuss gives/],
    [`x/plans/${id}.json`, {}, /not one that percuss gives/],
  ];

  test.each(cases.map(([key, value, problem], i) => [i, key, value, problem] as const))(
    'case %i, under %s',
    (_, key, value, problem) => {
      if (problem === undefined) expect(recordProblem(key, value)).toBeUndefined();
      else expect(recordProblem(key, value)).toMatch(problem);
    },
  );

  test('is told in a line, however deep and long the record', () => {
    const deep = recordProblem(plan, stage([], { kind: 'x'.repeat(5_000) }));
    expect(deep?.length).toBeLessThan(400);
    const problem = recordProblem(`analyses/${id}.json`, { tables: { ['x'.repeat(5_000)]: 7 } });
    expect(problem).toMatch(/^it is not an analysis \(tables\.x{93}: /);
    expect(problem?.length).toBeLessThan(400);
  });
});
