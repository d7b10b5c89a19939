import { describe, expect, test } from 'vitest';
import type { DataSpec } from '../../core/spec/study-spec.js';
import { keys } from '../../core/spec/vocabulary.js';
import { parse, study, told } from './study-file.js';

const set = (keys: string): string => study().replace(/test: \{.*\}/, `test: { ${keys} }`);

describe('an image set means what is written, and has its default for what is not:', () => {
  const plain: DataSpec = {
    name: 'test',
    format: 'cifar10',
    files: ['/studies/a'],
    labels: [],
    classes: undefined,
    images: undefined,
    order: 'seeded',
    resize: undefined,
    crop: undefined,
  };

  test.each<[string, Partial<DataSpec>]>([
    ['format: cifar10, files: a', {}],
    [
      'format: cifar10, files: [a, ../b], images: 3, order: file',
      {
        files: ['/studies/a', '/b'],
        images: 3,
        order: 'file',
      },
    ],
    ['format: idx, files: [a], labels: [c]', { format: 'idx', labels: ['/studies/c'] }],
    [
      'format: npy, files: a, labels: c, classes: [x, y]',
      {
        format: 'npy',
        labels: ['/studies/c'],
        classes: ['x', 'y'],
      },
    ],
    ['format: folder, files: a, resize: 10, crop: 10', { format: 'folder', resize: 10, crop: 10 }],
    [
      'format: folder, files: a, crop: 10, classes: names.txt',
      {
        format: 'folder',
        crop: 10,
        classes: '/studies/names.txt',
      },
    ],
    ['format: cifar10, files: a/b://c', { files: ['/studies/a/b:/c'] }],
    ['format: cifar10, files: s3://bucket/a/b.bin', { files: ['s3://bucket/a/b.bin'] }],
  ])('{ %s }', (keys, more) => {
    expect(told(set(keys))).toEqual([]);
    expect(parse(set(keys)).spec?.data).toStrictEqual([{ ...plain, ...more }]);
  });
});

describe('a mistake in an image set is told:', () => {
  const useless = (key: string, format: string, which: string): string =>
    `«${key}» ${key} is of no use with format ${format}, ${which} (remove it)`;
  const noFile = (name: string): string =>
    `«${name}» there is no file ${name} (paths are relative to the spec; looked for /studies/${name})`;
  test.each<[string, string[]]>([
    ['files: a', ['«test» "format" is missing (one of cifar10, idx, npy, folder)']],
    ['format: cifar10', ['«test» "files" is missing (the files of images, relative to the spec)']],
    [
      'format: cifar, files: a, labels: b, crop: 3',
      ['«cifar» expected one of cifar10, idx, npy, folder, got the text "cifar" (did you mean "cifar10"?)'],
    ],
    ['format: cifar10, files: absent.bin', [noFile('absent.bin')]],
    [
      'format: idx, files: a',
      ['«test» "labels" is missing (format idx keeps labels in files of their own: one for each of files)'],
    ],
    ['format: idx, files: [a, b], labels: [c]', ['«[c]» 2 files of images, but 1 of labels']],
    ['format: npy, files: [a], labels: [c, d, e]', ['«[c, d, e]» 1 files of images, but 3 of labels']],
    // What could not be read is not counted.
    ['format: idx, files: [absent, b], labels: [c]', [noFile('absent')]],
    ['format: idx, files: [a, b], labels: absent', [noFile('absent')]],
    [
      'format: cifar10, files: a, labels: b, classes: [x], resize: 3, crop: 3',
      [
        useless('labels', 'cifar10', 'which holds the labels itself'),
        useless('classes', 'cifar10', 'which has ten of its own'),
        useless('resize', 'cifar10', 'whose images agree in size'),
        useless('crop', 'cifar10', 'whose images agree in size'),
      ],
    ],
    ['format: npy, files: a, labels: b, crop: 3', [useless('crop', 'npy', 'whose images agree in size')]],
    ['format: folder, files: a, labels: c', [useless('labels', 'folder', 'which holds the labels itself')]],
    ['format: folder, files: [a, b]', ['«[a, b]» format folder takes one folder (with a sub-folder for each class)']],
    ['format: folder, files: a, resize: 10, crop: 11', ['«11» a crop of 11 does not fit into a shorter side of 10']],
    ['format: folder, files: a, resize: 0', ['«0» expected a whole number of at least 1, got the number 0']],
    [
      'format: folder, files: a, resize: 16384, crop: 16385',
      ['«16385» 16385 pixels are above the limit of 16384 (docs/limits.md)'],
    ],
    ['format: folder, files: a, resize: 16385', ['«16385» 16385 pixels are above the limit of 16384 (docs/limits.md)']],
    ['format: folder, files: a, classes: [x, x]', ['«x» "x" stands in the list twice']],
    ['format: folder, files: a, classes: []', ['«[]» the list is empty']],
    ['format: folder, files: a, classes: absent.txt', [noFile('absent.txt')]],
    ['format: folder, files: a, classes: 3', ['«3» expected a text, got the number 3 (write it as "3")']],
    [
      'format: cifar10, files: a, images: 0, order: random',
      [
        '«0» expected a whole number of at least 1, got the number 0',
        '«random» expected one of seeded, file, got the text "random" (choose from: seeded, file)',
      ],
    ],
    [
      'format: cifar10, files: s3://key:secret@bucket/a',
      ['«s3://key:secret@bucket/a» credentials never stand in a spec (give them the AWS way: environment or profile)'],
    ],
    [
      'format: cifar10, files: "s3://bucket/a?token=x"',
      ['«"s3://bucket/a?token=x"» credentials never stand in a spec (give them the AWS way: environment or profile)'],
    ],
    [
      'format: cifar10, files: [s3://bucket, s3://bucket/, s3:///a, "s3://b:1/a", "s3://b/a:c", "s3://b/a#c", "s3:///s3://b/a"]',
      [
        '«s3://bucket» s3://bucket names no object (write s3://BUCKET/KEY)',
        '«s3://bucket/» s3://bucket/ names no object (write s3://BUCKET/KEY)',
        '«s3:///a» s3:///a names no object (write s3://BUCKET/KEY)',
        '«"s3://b:1/a"» s3://b:1/a names no object (write s3://BUCKET/KEY)',
        '«"s3://b/a:c"» s3://b/a:c names no object (write s3://BUCKET/KEY)',
        '«"s3://b/a#c"» s3://b/a#c names no object (write s3://BUCKET/KEY)',
        '«"s3:///s3://b/a"» s3:///s3://b/a names no object (write s3://BUCKET/KEY)',
      ],
    ],
    [
      'format: cifar10, files: [https://x.org/a, git+ssh://x/y, S3://bucket/a]',
      [
        '«https://x.org/a» https:// is not read (name a file, or an object as s3://BUCKET/KEY)',
        '«git+ssh://x/y» git+ssh:// is not read (name a file, or an object as s3://BUCKET/KEY)',
        '«S3://bucket/a» S3:// is not read (name a file, or an object as s3://BUCKET/KEY)',
      ],
    ],
  ])('{ %s }', (keys, said) => {
    expect(told(set(keys))).toEqual(said);
    expect(parse(set(keys)).spec).toBeUndefined();
  });

  test('it is no mapping', () => {
    expect(told(study().replace(/test: \{.*\}/, 'test: test.bin'))).toEqual([
      `«test.bin» expected a mapping with ${keys.data.join(', ')}, got the text "test.bin"`,
    ]);
  });
});

test('an image set whose format or files are not known is still one, for what else can be said', () => {
  const { draft } = parse(set('format: cifar, images: 3'));
  expect(draft?.data).toMatchObject([{ name: 'test', format: 'cifar10', files: [], images: 3 }]);
  expect(draft?.models).toMatchObject([{ data: 'test' }]);
});
