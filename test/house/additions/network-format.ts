import { expect } from 'vitest';
import type { Addition } from '../addition.js';
import type { TreeCopy } from '../tree-copy.js';

async function expectWorks(copy: TreeCopy): Promise<void> {
  const { formatOf } = await copy.import<{ formatOf: (file: string) => string }>('core/import/import-network.ts');
  expect(formatOf('a/b.ONNXZ')).toBe('onnxz');
  expect(() => formatOf('b.pb')).toThrow(
    'an .onnx file, a TensorFlow.js model.json, a .onnxz file, a Keras .h5 file or',
  );
  expect(copy.read('docs/tables.md')).toContain('Format of the file: onnx, tfjs, onnxz, h5 or keras.');
  expect(copy.read('docs/commands.md')).toContain('a .onnxz file');
}

const row = (word: string, load: string) => `  '${word}': {
    main: 'model.${word}',
    ending: '.${word}',
    kind: 'a ${word} model',
    file: 'a .${word} file',
    companions: none,
${load}  },
`;
const place = { file: 'core/import/network-formats.ts', before: '  h5: {\n' };

export const addition: Addition = {
  kind: 'format of networks',
  word: 'onnxz',
  changes: [
    {
      file: 'core/import/onnxz.ts',
      insert: `import { gunzipSync } from 'node:zlib';
import type { Graph } from '../network/graph.js';
import { importOnnx } from './onnx/import-onnx.js';

/** ONNX, packed. */
export function importOnnxz(name: string, bytes: Uint8Array): Graph {
  return importOnnx(name, gunzipSync(bytes), new Map(), { images: true });
}
`,
    },
    {
      ...place,
      insert: row('onnxz', "    load: async (name, main) => (await import('./onnxz.js')).importOnnxz(name, main),\n"),
    },
  ],
  halves: { unloadable: [{ ...place, insert: row('unloadable', '') }] },
  works: expectWorks,
};
