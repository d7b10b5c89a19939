import { expect } from 'vitest';
import type { ImageSource } from '../../../core/data/image-source.js';
import type { ImageSet } from '../../../core/data/image-set.js';
import type { Addition } from '../addition.js';
import type { TreeCopy } from '../tree-copy.js';

async function expectWorks(copy: TreeCopy): Promise<void> {
  const { loadImageSet } = await copy.import<{
    loadImageSet: (spec: object, seed: number, source: ImageSource) => Promise<ImageSet>;
  }>('core/data/image-set.ts');
  const source = { read: () => Promise.resolve(Uint8Array.of(3, 1, 2)) } as unknown as ImageSource;
  const spec = { name: 'x', format: 'byte-pictures', files: ['x.bytes'], labels: [], order: 'file' };
  expect([...(await loadImageSet(spec, 1, source)).labels]).toEqual([3, 1, 2]);
  expect(copy.read('docs/spec.md')).toContain(
    '| `byte-pictures` | byte-pictures: a byte a picture, which is its label, too |',
  );
  expect(copy.read('docs/study.schema.json')).toContain('"byte-pictures"');
}

const row = (word: string, read: string) => `  '${word}': {
    meaning: '${word}: a byte a picture, which is its label, too',
    labelsApart: false,
    differInSize: false,
${read}  },
`;
const place = { file: 'core/data/image-formats.ts', before: '  folder: {\n' };

export const addition: Addition = {
  kind: 'format of images',
  word: 'byte-pictures',
  changes: [
    {
      file: 'core/data/byte-images.ts',
      insert: `import type { ImageRecords } from './image-source.js';

/** Pictures of one pixel. */
export function byteRecords(where: string, bytes: Uint8Array): ImageRecords {
  return {
    labels: Uint16Array.from(bytes),
    classes: null,
    notices: [],
    image: (at) => Promise.resolve({ shape: [1, 1, 1], data: bytes.subarray(at, at + 1), where }),
  };
}
`,
    },
    {
      ...place,
      insert: row(
        'byte-pictures',
        `    read: async ({ name, files: [file = ''] }, source) =>
      (await import('./byte-images.js')).byteRecords(file, await source.read(file, { what: name, atMost: 100 })),
`,
      ),
    },
  ],
  halves: { unread: [{ ...place, insert: row('unread', '') }] },
  works: expectWorks,
};
