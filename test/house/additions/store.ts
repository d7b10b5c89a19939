import { expect } from 'vitest';
import type { ObjectStore } from '../../../core/store/object-store.js';
import type { Addition } from '../addition.js';
import type { TreeCopy } from '../tree-copy.js';

async function expectWorks(copy: TreeCopy): Promise<void> {
  const { openStore } = await copy.import<{ openStore: (url: string) => Promise<ObjectStore> }>('core/store/open.ts');
  const store = await openStore('forgetful:');
  expect(await store.get('a')).toBeUndefined();
  await store.close();
  await expect(openStore('other:')).rejects.toThrow('memory:, file:PATH, a path, forgetful:, or s3://');
}

const place = { file: 'core/store/open.ts', before: "    s3: {\n      form: 's3://" };

export const addition: Addition = {
  kind: 'store',
  word: 'forgetful',
  changes: [{ ...place, insert: "    'forgetful': { form: 'forgetful:', open: () => memoryStore() },\n" }],
  halves: { unopened: [{ ...place, insert: "    'unopened': { form: 'unopened:' },\n" }] },
  works: expectWorks,
};
