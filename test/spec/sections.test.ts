import { describe, expect, test } from 'vitest';
import { keys } from '../../core/spec/vocabulary.js';
import { parse, study, told } from './study-file.js';

const sections = 'version, study, seed, data, defaults, models, ablations, impulses, analysis, run';
const declareData = 'declare at least one image set: NAME: { format: …, files: […] }';
const declareModel = 'declare at least one network: NAME: { file: … }';

describe('a spec that is none', () => {
  test.each<[string, string]>([
    ['- 1', `«- 1» expected a mapping with ${sections}, got a list`],
    ['3', `«3» expected a mapping with ${sections}, got the number 3`],
    ['', '«» the file is empty (percuss init writes a spec to start from)'],
    ['# nothing\n', '«#» the file is empty (percuss init writes a spec to start from)'],
    ['~', '«~» the file is empty (percuss init writes a spec to start from)'],
  ])('is told so: %j', (text, said) => {
    expect(told(text)).toEqual([said]);
    expect(parse(text).issues).toMatchObject([{ path: '' }]);
    expect(parse(text)).not.toHaveProperty('spec');
    expect(parse(text)).not.toHaveProperty('draft');
  });
});

describe('sections', () => {
  test('that are missing are told, with what to write', () => {
    expect(told('seed: 3')).toEqual([
      '«seed: 3» "version" is missing (write version: 1)',
      `«seed: 3» "data" is missing (${declareData})`,
      `«seed: 3» "models" is missing (${declareModel})`,
      '«seed: 3» "study" is missing (give the study a name)',
    ]);
  });

  test('that are called otherwise are told their names', () => {
    expect(told(study('ablation: {}\nname: x\nmodel: {}\nimpulse: {}'))).toEqual([
      '«ablation» unknown key "ablation" (did you mean "ablations"?)',
      '«name» unknown key "name" (did you mean "study"?)',
      '«model» unknown key "model" (did you mean "models"?)',
      '«impulse» unknown key "impulse" (did you mean "impulses"?)',
    ]);
  });

  test.each<[string, string]>([
    ['', ''],
    [' {}', ''],
  ])('of images and networks that hold nothing are told:%s', (nothing) => {
    expect(told(`version: 1\nstudy: s\ndata:${nothing}\nmodels:${nothing}`)).toEqual([
      `«data» data is empty (${declareData})`,
      `«models» models is empty (${declareModel})`,
    ]);
  });

  test('whose entries have no names are told', () => {
    expect(told('version: 1\nstudy: s\ndata: []\nmodels: 3\nablations: [{}]\nimpulses: x')).toEqual([
      '«[]» expected image sets by name, got a list (write NAME: { … } instead of - …)',
      '«3» expected models by name, got the number 3',
      '«[{}]» expected ablations by name, got a list (write NAME: { … } instead of - …)',
      '«x» expected impulses by name, got the text "x"',
    ]);
  });

  test('of images that are missing are told once, not at each use', () => {
    const text = study('defaults: { reference: test }').replace(/data:\n.*\n/, '');
    expect(told(text)).toEqual([expect.stringMatching(/"data" is missing/)]);
  });

  test('of networks that are missing are told once, not at each use', () => {
    const text = study('ablations: { a: { models: net } }\nimpulses: { a: { models: "n*" } }');
    expect(told(text.replace(/models:\n {2}net.*\n/, ''))).toEqual([expect.stringMatching(/"models" is missing/)]);
  });

  test('whose entry could not be read count as named all the same', () => {
    expect(told(study().replace(/test: \{.*\}/, 'test: 3'))).toEqual([
      `«3» expected a mapping with ${keys.data.join(', ')}, got the number 3`,
    ]);
  });
});

describe('the name of a study', () => {
  const named = (name: string): string[] => told(study().replace('study: small', `study: ${name}`));

  test('is a text that can serve as a name', () => {
    expect(named('3')).toEqual(['«3» expected a text, got the number 3 (write it as "3")']);
    expect(named('')).toEqual(['«study» expected a text, got nothing']);
    expect(named('-x')).toEqual([expect.stringMatching(/^«-x» "-x" cannot serve as a name \(names begin/)]);
    expect(parse(study()).spec?.study).toBe('small');
  });

  test('is empty where it is wrong', () => {
    expect(parse(study().replace('study: small', 'study: -x')).draft?.study).toBe('');
  });
});

describe('what could be read of a spec', () => {
  test('is handed on with its mistakes', () => {
    const { spec, draft } = parse(study('seed: x\nrun: { workers: 3 }'));
    expect(spec).toBeUndefined();
    expect(draft).toMatchObject({ study: 'small', seed: 0, run: { workers: 3 } });
  });

  test('is the spec itself where there are none', () => {
    const { spec, draft } = parse(study('seed: 3'));
    expect(spec).toMatchObject({ version: 1, study: 'small', seed: 3 });
    expect(draft).toBe(spec);
  });

  test('is nothing where the parser lost its way', () => {
    expect(parse(study('ablations: { a: [ }'))).not.toHaveProperty('draft');
    expect(parse(study('ablations: { a: [ }'))).not.toHaveProperty('spec');
  });

  test('and that it is missing something is not said where it may have been lost', () => {
    const [first, ...others] = told('study: 3\ndata: { a: [ }');
    expect(first).toBe('«3» expected a text, got the number 3 (write it as "3")');
    expect(others.join()).not.toMatch(/missing/);
  });
});
