import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PercussError } from '../../core/errors.js';
import { loadStudySpec, nameOfSpec, readStudySpec, specInvalid } from '../../core/spec/load.js';
import { parseStudySpec } from '../../core/spec/parse.js';
import { placed } from '../../core/spec/placed.js';
import { parse, study } from './study-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'percuss-load-'));
  for (const file of ['test.bin', 'net.onnx']) writeFileSync(join(folder, file), '');
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(content: string | Uint8Array): string {
  const path = join(folder, 'study.yaml');
  writeFileSync(path, content);
  return path;
}
const refusal = async (content: string | Uint8Array): Promise<PercussError> => {
  const error: unknown = await loadStudySpec(file(content)).catch((thrown: unknown) => thrown);
  if (!(error instanceof PercussError)) throw new Error('nothing was refused');
  return error;
};

describe('a file that is no UTF-8 is refused with the place where it stops to be', () => {
  test.each<[string, readonly number[], string, string]>([
    ['UTF-16 that begins with its mark', [0xff, 0xfe, 0x41, 0], '1:1', 'the spec is UTF-16'],
    ['UTF-16, the larger byte first', [0xfe, 0xff, 0, 0x41], '1:1', 'the spec is UTF-16'],
    ['UTF-16 without a mark', [0x76, 0, 0x65, 0], '1:1', 'the spec is UTF-16 or UTF-32, or no text'],
    ['UTF-16 without a mark, the larger byte first', [0, 0x76], '1:1', 'the spec is UTF-16 or UTF-32, or no text'],
    ['half a mark', [0xff, 0], '1:1', 'the spec is UTF-16 or UTF-32, or no text'],
    ['half of the other mark', [0xfe, 0x41], '1:1', 'the spec is not UTF-8 from here on'],
    ['no mark', [0xff, 0xff], '1:1', 'the spec is not UTF-8 from here on'],
    ['a second byte of a mark', [0x41, 0xfe], '1:2', 'the spec is not UTF-8 from here on'],
    ['a second byte of the other mark', [0x41, 0xff], '1:2', 'the spec is not UTF-8 from here on'],
    ['Latin-1', [0x61, 0x0a, 0x62, 0x63, 0xe9, 0x0a, 0x61], '2:3', 'the spec is not UTF-8 from here on'],
  ])('%s', async (_, bytes, place, reason) => {
    const error = await refusal(Uint8Array.from(bytes));
    const path = join(folder, 'study.yaml');
    const [line, column] = place.split(':').map(Number);
    expect(error.message).toBe(`${path}:${place}: ${reason}; save it as UTF-8`);
    expect(error).toMatchObject({ code: 'SPEC_INVALID', details: { file: path, line, column } });
  });

  test('a single letter is text', async () => {
    expect((await refusal('A')).message).toMatch(/1:1: expected a mapping with version, .*, got the text "A"/);
  });
});

describe('mistakes come as one error', () => {
  test('which counts them and shows each', async () => {
    const one = await refusal(study('seed: x'));
    const path = join(folder, 'study.yaml');
    expect(one.message).toBe(
      `${path} has 1 mistake:\n\n${path}:7:7: seed: expected a whole number from 0, got the text "x"\n  7 | seed: x\n    |       ^`,
    );
    expect(one.details).toEqual({ file: path, issues: 1, line: 7, column: 7 });
    expect(one.issues).toEqual([
      {
        code: 'SPEC_INVALID',
        file: path,
        line: 7,
        column: 7,
        path: 'seed',
        message: 'expected a whole number from 0, got the text "x"',
      },
    ]);
    const keys = Array.from({ length: 1200 }, (_, i) => `k${i}: 1`).join(', ');
    expect((await refusal(study(`run: { ${keys} }`))).message).toMatch(/ has 1,200 mistakes:\n\n/);
  });

  test('of the code that they have in common', async () => {
    const many = 'analysis: { bootstrap: 100000000 }';
    expect((await refusal(study(many))).code).toBe('LIMIT_EXCEEDED');
    expect((await refusal(study(`${many}\nrun: { workers: 100000 }`))).code).toBe('LIMIT_EXCEEDED');
    expect((await refusal(study(`${many}\nseed: x`))).code).toBe('SPEC_INVALID');
    expect(specInvalid('study.yaml', parse(study('seed: x\nstudi: 1')).issues).code).toBe('SPEC_INVALID');
  });
});

test('a spec that is not there is a file that is missing', async () => {
  await expect(loadStudySpec(join(folder, 'none.yaml'))).rejects.toMatchObject({
    code: 'FILE_MISSING',
    message: `the spec: ${join(folder, 'none.yaml')} cannot be read (there is no such file)`,
  });
});

describe('files that a spec names', () => {
  test('are found beside it', async () => {
    const { spec, text } = await loadStudySpec(file(study()));
    expect(text).toBe(study());
    expect(spec.data[0]?.files).toEqual([join(folder, 'test.bin')]);
    expect(spec.models[0]?.file).toBe(join(folder, 'net.onnx'));
  });

  const hints = async (name: string): Promise<(string | undefined)[]> =>
    ((await refusal(study().replace('test.bin', name))).issues ?? []).map(({ hint }) => hint);

  test('and are missing: the nearest name in the deepest folder that there is', async () => {
    mkdirSync(join(folder, 'images'));
    const looked = (path: string): string => `paths are relative to the spec; looked for ${join(folder, path)}`;
    expect(await hints('tset.bin')).toEqual([`did you mean "${join(folder, 'test.bin')}"? ${looked('tset.bin')}`]);
    expect(await hints('imags/a/b.bin')).toEqual([
      `did you mean "${join(folder, 'images/a/b.bin')}"? ${looked('imags/a/b.bin')}`,
    ]);
    expect(await hints('elsewhere/a.bin')).toEqual([
      `${looked('elsewhere/a.bin')}; there is no folder ${join(folder, 'elsewhere')}`,
    ]);
    expect(await hints('images/a.bin')).toEqual([looked('images/a.bin')]);
  });

  test('and nothing of whose way is there', () => {
    const { issues } = parseStudySpec(study(), '/studies/study.yaml', () => false);
    expect(issues.map(({ hint }) => hint)).toEqual([
      'paths are relative to the spec; looked for /studies/test.bin; there is no folder /',
      'paths are relative to the spec; looked for /studies/net.onnx; there is no folder /',
    ]);
  });

  test('below what is no folder have no name near them', async () => {
    expect(await hints('net.onnx/a.bin')).toEqual([
      `paths are relative to the spec; looked for ${join(folder, 'net.onnx/a.bin')}`,
    ]);
  });
});

describe('a spec made in code', () => {
  const input = { divide: 255 };
  const source = {
    version: 1,
    study: 'small',
    data: { test: { format: 'cifar10', files: 'package.json' } },
    models: {
      a: { file: 's3://bucket/a.onnx', data: 'test', input },
      b: { file: 's3://bucket/b.onnx', data: 'test', input },
    },
  };

  test('is read as the YAML that says the same, with paths relative to the working directory', async () => {
    const { spec, issues, text } = await readStudySpec(source);
    expect(issues).toEqual([]);
    expect(text).not.toMatch(/[&*]/);
    expect(spec?.data[0]?.files).toEqual([join(process.cwd(), 'package.json')]);
    expect(spec?.models.map(({ name, input: of }) => [name, of.divide])).toEqual([
      ['a', 255],
      ['b', 255],
    ]);
  });

  test('has mistakes in a file that is none', async () => {
    expect(nameOfSpec(source)).toBe('spec.yaml');
    expect(nameOfSpec('a/study.yaml')).toBe('a/study.yaml');
    await expect(loadStudySpec({ ...source, version: 2 })).rejects.toMatchObject({
      message: expect.stringMatching(/^spec\.yaml has 1 mistake:\n\nspec\.yaml:1:10: version: expected version 1/),
    });
  });
});

describe('a refusal of the spec while the study runs', () => {
  const { positions } = parse(study('ablations: { a: { layers: x } }'));
  const refused = (message: string, details: Record<string, string | number>): PercussError =>
    new PercussError('SPEC_INVALID', message, { details });

  test('is shown where the spec says it', () => {
    for (const message of ['ablations.a.layers: nothing of it', 'nothing of it']) {
      expect(placed(refused(message, { path: 'ablations.a.layers' }), positions)).toMatchObject({
        code: 'SPEC_INVALID',
        message: `/studies/study.yaml has 1 mistake:\n\n/studies/study.yaml:7:27: ablations.a.layers: nothing of it\n  7 | ablations: { a: { layers: x } }\n    |                           ^`,
        details: { file: '/studies/study.yaml', line: 7, column: 27 },
      });
    }
  });

  test.each<[string, unknown]>([
    ['not of percuss', new Error('lost')],
    ['no error', 'lost'],
    ['of another code', new PercussError('DATA_INVALID', 'lost', { details: { path: 'ablations.a.layers' } })],
    ['of a place that is known', refused('lost', { path: 'ablations.a.layers', line: 3 })],
    ['of no value', refused('lost', {})],
    ['of a value without a path', refused('lost', { path: 3 })],
  ])('and whatever else is thrown comes back as it is: %s', (_, error) => {
    expect(placed(error, positions)).toBe(error);
  });
});
