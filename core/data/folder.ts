import { PercussError } from '../errors.js';
import { limits } from '../limits.js';
import { byCodePoint, folderClasses, listedNames, type ClassFolder } from './classes.js';
import type { ImageFiles, ImageRecords, ImageSource } from './image-source.js';
import { decodePicture } from './picture.js';

const extensions = ['.avif', '.gif', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp'];
/** Pictures, too, which are not read. */
const others = ['.bmp', '.heic', '.heif', '.jfif', '.jp2', '.jxl', '.pbm', '.pgm', '.pnm', '.ppm', '.svg', '.tga'];

const endsIn = (path: string, endings: readonly string[]): boolean => {
  const lower = path.toLowerCase();
  return endings.some((ending) => lower.endsWith(ending));
};

const classOf = (path: string): string => path.slice(0, path.indexOf('/'));

/**
 * A folder with a sub-folder for each class: classes are numbered as given, else in the order of their names; images stand in
 * the order of their paths. Files that are no pictures, and hidden ones, are passed over.
 * @param given names of the classes in the order of their labels, composed.
 * @throws PercussError DATA_INVALID if there is no picture, one belongs to no class, or the order of classes is not certain.
 */
export async function folderRecords(
  folder: string,
  source: ImageSource,
  spec: Pick<ImageFiles, 'name' | 'resize' | 'crop'>,
  given: readonly string[] | undefined,
): Promise<ImageRecords> {
  const root = folder.replace(/\/+$/, '') || '/';
  const entries = (await source.list(root)).filter((path) => !path.split('/').some((part) => part.startsWith('.')));
  const paths = entries.filter((path) => endsIn(path, extensions)).sort(byCodePoint);
  const stray = paths.find((path) => !path.includes('/'));
  if (stray !== undefined || paths.length === 0) {
    const found = stray === undefined ? 'no picture was found in it' : `${stray} lies in no sub-folder`;
    throw new PercussError(
      'DATA_INVALID',
      `${folder}: ${found}; expected a sub-folder for each class with pictures (${extensions.join(', ')})`,
      { details: { file: folder } },
    );
  }
  const folders = countPictures(entries, paths);
  const classes = folderClasses(folder, folders, given);
  const numbers = new Map(classes.map((name, number) => [name, number]));
  const labels = new Map(folders.map(({ name }) => [name, numbers.get(name.normalize('NFC'))]));
  return {
    labels: Uint16Array.from(paths, (path) => labels.get(classOf(path)) as number),
    classes,
    notices: noticesOf(spec.name, entries, folders, classes),
    image: async (index) => {
      const name = paths[index] as string;
      const path = `${root}/${name}`;
      const options = { what: `data ${spec.name}`, atMost: limits.pictureFile.value };
      return decodePicture(path, await source.readBelow(root, name, options), spec);
    },
  };
}

/** The folders right below, those without pictures too. */
function countPictures(entries: readonly string[], paths: readonly string[]): readonly ClassFolder[] {
  const counts = new Map<string, number>();
  for (const entry of entries) if (entry.includes('/')) counts.set(classOf(entry), 0);
  for (const path of paths) counts.set(classOf(path), (counts.get(classOf(path)) ?? 0) + 1);
  return [...counts].map(([name, pictures]) => ({ name, pictures }));
}

function noticesOf(
  set: string,
  entries: readonly string[],
  folders: readonly ClassFolder[],
  classes: readonly string[],
): readonly string[] {
  const there = new Set(folders.flatMap(({ name, pictures }) => (pictures > 0 ? [name.normalize('NFC')] : [])));
  const without = classes.filter((name) => !there.has(name));
  const unread = entries.filter((path) => endsIn(path, others));
  return [
    ...(without.length > 0
      ? [`data ${set}: ${without.length} of ${classes.length} classes have no picture: ${listedNames(without)}`]
      : []),
    ...(unread.length > 0
      ? [
          `data ${set}: ${unread.length === 1 ? 'a picture is' : `${unread.length} pictures are`} passed over, since the format is not read (${unread[0]}); convert to png or jpeg`,
        ]
      : []),
  ];
}
