import type { ImageSource } from '../../core/data/image-source.js';

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
