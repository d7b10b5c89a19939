import { describe, expect, test } from 'vitest';
import { defaultAnalysis, defaultRun } from '../../core/spec/defaults.js';
import type { AnalysisSpec, RunSpec } from '../../core/spec/study-spec.js';
import { keys } from '../../core/spec/vocabulary.js';
import { parse, study, told } from './study-file.js';

describe('how results are analysed means what is written, and has its default for what is not:', () => {
  test.each<[string, Partial<AnalysisSpec>]>([
    ['', {}],
    ['confidence: 0.9, fdr: 0.2', { confidence: 0.9, fdr: 0.2 }],
    ['bootstrap: 100, far: 1', { bootstrap: 100, far: 1 }],
    ['bootstrap: 1000000', { bootstrap: 1_000_000 }],
    ['nulls: { shuffled: 0 }', { nulls: { ...defaultAnalysis.nulls, shuffled: 0 } }],
    ['nulls: { reinitialised: 5 }', { nulls: { ...defaultAnalysis.nulls, reinitialised: 5 } }],
    ['nulls: { unrelated: net }', { nulls: { ...defaultAnalysis.nulls, unrelated: ['net'] } }],
    ['rarefy: { kernels: 2 }', { rarefy: { ...defaultAnalysis.rarefy, kernels: 2 } }],
    ['rarefy: { sites: 2 }', { rarefy: { ...defaultAnalysis.rarefy, sites: 2 } }],
  ])('{ %s }', (keys, more) => {
    const text = study(`analysis: { ${keys} }`);
    expect(told(text)).toEqual([]);
    expect(parse(text).spec?.analysis).toStrictEqual({ ...defaultAnalysis, ...more });
  });

  test('or nothing at all', () => {
    expect(parse(study()).spec?.analysis).toStrictEqual(defaultAnalysis);
    expect(parse(study('analysis:')).spec?.analysis).toStrictEqual(defaultAnalysis);
  });
});

describe('how to run means what is written, and has its default for what is not:', () => {
  test.each<[string, Partial<RunSpec>]>([
    ['', {}],
    ['engine: tfjs, device: wasm', { engine: 'tfjs', device: 'wasm' }],
    ['engine: onnxruntime, device: webgpu', { engine: 'onnxruntime', device: 'webgpu' }],
    ['engine: tfjs, device: auto', { engine: 'tfjs' }],
    ['engine: auto, device: js', { device: 'js' }],
    ['engine: reference', { engine: 'reference' }],
    ['device: cuda', { device: 'cuda' }],
    ['onFailure: stop', { onFailure: 'stop' }],
    ['workers: 1, memory: 100000000, batchSeconds: 0.5', { workers: 1, memory: 100_000_000, batchSeconds: 0.5 }],
    ['workers: 1024', { workers: 1024 }],
    ['limit: { hours: 0.5 }', { limit: { ...defaultRun.limit, hours: 0.5 } }],
    ['limit: { bytes: 1 }', { limit: { ...defaultRun.limit, bytes: 1 } }],
    ['limit: { cells: 1 }', { limit: { ...defaultRun.limit, cells: 1 } }],
  ])('{ %s }', (keys, more) => {
    const text = study(`run: { ${keys} }`);
    expect(told(text)).toEqual([]);
    expect(parse(text).spec?.run).toStrictEqual({ ...defaultRun, ...more });
  });

  test('or nothing at all', () => {
    expect(parse(study()).spec?.run).toStrictEqual(defaultRun);
    expect(parse(study('run:')).spec?.run).toStrictEqual(defaultRun);
  });
});

describe('a mistake in them is told:', () => {
  const whole = (least: number, got: number): string =>
    `«${got}» expected a whole number of at least ${least}, got the number ${got}`;
  test.each<[string, string[]]>([
    ['analysis: []', [`«[]» expected a mapping with ${keys.analysis.join(', ')}, got a list`]],
    [
      'analysis: { confidence: 0, fdr: 1, far: 0 }',
      [
        '«0» expected a fraction between 0 and 1, got the number 0',
        '«1» expected a fraction between 0 and 1, got the number 1',
        '«0» expected a fraction above 0 and at most 1, got the number 0',
      ],
    ],
    ['analysis: { bootstrap: 99, nulls: { shuffled: -1 } }', [whole(100, 99), whole(0, -1)]],
    ...(
      [
        ['3', 'the number 3', 3],
        ['-1', 'the number -1', 19],
        ['shuffled', 'the text "shuffled"', 19],
      ] as const
    ).map(([written, got, meant]): [string, string[]] => [
      `analysis: { nulls: ${written} }`,
      [`«${written}» expected how many nulls of which kind, got ${got} (write { shuffled: ${meant} })`],
    ]),
    [
      'analysis: { nulls: { shufled: 3, unrelated: nett } }',
      [
        '«shufled» unknown key "shufled" (did you mean "shuffled"?)',
        '«nett» no model "nett" is declared under models (did you mean "net"?)',
      ],
    ],
    [
      'analysis: { bootstrap: 1000001 }',
      ['«1000001» 1000001 resamples are above the limit of 1000000 (docs/limits.md)'],
    ],
    ['analysis: { rarefy: 3 }', ['«3» expected a mapping with kernels, sites, got the number 3']],
    [
      'analysis: { rarefy: { kernels: 1, sites: 0, draws: 3 } }',
      [whole(2, 1), whole(2, 0), '«draws» unknown key "draws" (known keys: kernels, sites)'],
    ],
    ['run: 3', [`«3» expected a mapping with ${keys.run.join(', ')}, got the number 3`]],
    [
      'run: { engine: torch, onFailure: halt }',
      [
        '«torch» expected one of auto, onnxruntime, tfjs, reference, got the text "torch" (choose from: auto, onnxruntime, tfjs, reference)',
        expect.stringMatching(/^«halt» expected one of continue, stop, got the text "halt"/) as string,
      ],
    ],
    [
      'run: { engine: tfjs, device: webgpu }',
      [
        '«webgpu» engine tfjs does not compute on webgpu (its devices: cpu, cuda, wasm, js; engines with webgpu: onnxruntime)',
      ],
    ],
    [
      'run: { engine: reference, device: cuda }',
      ['«cuda» engine reference does not compute on cuda (its devices: cpu; engines with cuda: onnxruntime, tfjs)'],
    ],
    ['run: { workers: 0, memory: 99999999 }', [whole(1, 0), whole(100_000_000, 99_999_999)]],
    ['run: { workers: 1025 }', ['«1025» 1025 processes are above the limit of 1024 (docs/limits.md)']],
    ['run: { batchSeconds: 0 }', ['«0» expected a number above 0, got the number 0']],
    ['run: { limit: 3 }', ['«3» expected a mapping with hours, bytes, cells, got the number 3']],
    [
      'run: { limit: { hours: 0, bytes: 0, cells: -1, nights: 1 } }',
      [
        '«0» expected a number above 0, got the number 0',
        whole(1, 0),
        whole(1, -1),
        '«nights» unknown key "nights" (known keys: hours, bytes, cells)',
      ],
    ],
  ])('%s', (text, said) => {
    expect(told(study(text))).toEqual(said);
    expect(parse(study(text)).spec).toBeUndefined();
  });

  test('what is above a limit has a code of its own', () => {
    expect(parse(study('run: { workers: 1025 }')).issues.map(({ code }) => code)).toEqual(['LIMIT_EXCEEDED']);
    expect(parse(study('run: { workers: 0 }')).issues.map(({ code }) => code)).toEqual(['SPEC_INVALID']);
  });
});
