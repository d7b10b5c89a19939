import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { DataSpec } from '../../core/data/data-spec.js';
import type { ImageSource } from '../../core/data/image-source.js';

const root = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

/** The test images and networks beside the checkout; undefined, aloud, where they are absent. */
export const present = existsSync(root);
if (!present) console.warn(`skipped: real images and recorded inputs are not at ${root}`);

export const shared = (path: string): string => root + path;

export const read = (path: string): Promise<Uint8Array> => readFile(path);

/** Image sets whose files are at hand: bytes by path. */
export const files = (known: Readonly<Record<string, Uint8Array>>): ImageSource => {
  const found = (path: string): Promise<Uint8Array> => {
    const bytes = known[path];
    return bytes ? Promise.resolve(bytes) : Promise.reject(new Error(`${path} was not expected to be read`));
  };
  return {
    read: found,
    readBelow: (folder, name) => found(`${folder}/${name}`),
    list: (folder) =>
      Promise.resolve(
        Object.keys(known).flatMap((path) => (path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1)] : [])),
      ),
  };
};

export function dataSpec(given: Partial<DataSpec> & Pick<DataSpec, 'format' | 'files'>): DataSpec {
  return {
    name: 'test',
    labels: [],
    classes: undefined,
    images: undefined,
    order: 'file',
    resize: undefined,
    crop: undefined,
    ...given,
  };
}
