import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { DataSpec } from '../../core/data/data-spec.js';

const root = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

/** The test images and networks beside the checkout; undefined, aloud, where they are absent. */
export const present = existsSync(root);
if (!present) console.warn(`skipped: real images and recorded inputs are not at ${root}`);

export const shared = (path: string): string => root + path;

export const read = (path: string): Promise<Uint8Array> => readFile(path);

export function dataSpec(given: Partial<DataSpec> & Pick<DataSpec, 'format' | 'files'>): DataSpec {
  return {
    name: 'test',
    labels: [],
    images: undefined,
    order: 'file',
    resize: undefined,
    crop: undefined,
    ...given,
  };
}
