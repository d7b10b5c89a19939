import { PercussError } from '../errors.js';
import { limits } from '../limits.js';
import { nearestName } from '../select.js';
import type { ImageSource } from './image-source.js';

/** In the order of code points, as Python sorts texts: UTF-8 keeps it. */
export function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Names as lists, shortened: `a, b, c and 7 more`. */
export function listedNames(names: readonly string[], most = 12): string {
  const shown = names.slice(0, most).map((name) => JSON.stringify(name).slice(1, -1));
  return names.length > most ? `${shown.join(', ')} and ${names.length - most} more` : shown.join(', ');
}

/**
 * The names that a spec gives the classes of a set, in the order of their labels; undefined where it gives none. In Unicode's
 * composed form, since file systems differ in it.
 * @throws PercussError DATA_INVALID naming file and line for an empty or repeated name.
 */
export async function givenClasses(
  { name, classes }: { readonly name: string; readonly classes: readonly string[] | string | undefined },
  source: ImageSource,
): Promise<readonly string[] | undefined> {
  if (classes === undefined) return undefined;
  const file = typeof classes === 'string' ? classes : undefined;
  const names = (file === undefined ? (classes as readonly string[]) : await linesOf(file, name, source)).map((each) =>
    each.normalize('NFC'),
  );
  const failed = (at: number, reason: string): PercussError => {
    const where = file === undefined ? `data.${name}.classes[${at}]` : `${file}:${at + 1}`;
    return new PercussError('DATA_INVALID', `${where}: ${reason}`, {
      details: file === undefined ? {} : { file, line: at + 1, column: 1 },
    });
  };
  if (names.length === 0) throw failed(0, 'no class is named; give one class a line, in the order of the outputs');
  if (names.length > 65535) throw failed(65535, `${names.length} classes, above the 65535 that labels can tell apart`);
  const seen = new Map<string, number>();
  names.forEach((each, at) => {
    const first = seen.get(each);
    if (each === '') throw failed(at, 'an empty line, where the name of a class was expected');
    if (first !== undefined)
      throw failed(
        at,
        `"${each}" is named twice, first ${file === undefined ? `at [${first}]` : `in line ${first + 1}`}`,
      );
    seen.set(each, at);
  });
  return names;
}

async function linesOf(file: string, name: string, source: ImageSource): Promise<readonly string[]> {
  const options = { what: `the classes of data ${name}`, atMost: limits.classesFile.value };
  const text = new TextDecoder().decode(await source.read(file, options));
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.trim());
  while (lines.at(-1) === '') lines.pop();
  return lines;
}

/** A folder of a class. */
export interface ClassFolder {
  /** As the file system has it. */
  readonly name: string;
  readonly pictures: number;
}

/**
 * The classes of a folder in the order of their labels: those given, of which every folder with pictures must be one; else the
 * folders by name, where every one has pictures and all customs of sorting agree.
 * @throws PercussError DATA_INVALID that lists what is missing, extra or ambiguous, and says what to write.
 */
export function folderClasses(
  folder: string,
  folders: readonly ClassFolder[],
  given: readonly string[] | undefined,
): readonly string[] {
  const failed = (reason: string): PercussError =>
    new PercussError('DATA_INVALID', `${folder}: ${reason}`, { details: { file: folder } });
  const names = folders.map(({ name }) => name.normalize('NFC'));
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) {
    throw failed(`two folders are named "${twice}", in different Unicode forms; make them one`);
  }
  if (given) {
    const known = new Set(given);
    const extra = folders.flatMap(({ pictures }, i) =>
      pictures > 0 && !known.has(names[i] as string) ? [names[i] as string] : [],
    );
    if (extra.length === 0) return given;
    const nearest = nearestName(extra[0] as string, given.slice(0, 1000));
    throw failed(
      `${extra.length === 1 ? 'a folder that is' : `${extra.length} folders that are`} no class of classes: ${listedNames(extra)}` +
        (nearest === undefined ? '' : `; did you mean "${nearest}"?`) +
        '. Name each class by its folder, in the order of the outputs',
    );
  }
  const empty = folders.filter(({ pictures }) => pictures === 0).map(({ name }) => name);
  if (empty.length > 0) {
    throw failed(
      `${empty.length === 1 ? 'a folder' : `${empty.length} folders`} without any picture: ${listedNames(empty)}. ` +
        'Add its pictures, remove it, or give classes: (all names, in the order of the outputs), with which a class may have none',
    );
  }
  const sorted = names.toSorted(byCodePoint);
  const ambiguous = ambiguity(sorted);
  if (ambiguous !== undefined) {
    throw failed(`${ambiguous}; give classes: (all names, in the order of the outputs)`);
  }
  return sorted;
}

/** Why the order of names is not certain, if it is not. */
function ambiguity(sorted: readonly string[]): string | undefined {
  if (sorted.every((name) => /^\d+$/.test(name))) {
    const numeric = sorted.toSorted((a, b) => Number(a) - Number(b));
    const at = sorted.findIndex((name, i) => name !== numeric[i]);
    if (at >= 0)
      return `folders named by numbers: as texts "${sorted[at]}" comes before "${numeric[at]}", as numbers behind it`;
  }
  const decomposed = sorted.toSorted((a, b) => byCodePoint(a.normalize('NFD'), b.normalize('NFD')));
  const at = sorted.findIndex((name, i) => name !== decomposed[i]);
  if (at >= 0)
    return `whether "${sorted[at]}" comes before "${decomposed[at]}" depends on the Unicode form of the names`;
  const folded = new Map<string, string>();
  for (const name of sorted) {
    const other = folded.get(name.toLowerCase());
    if (other !== undefined) return `the folders "${other}" and "${name}" differ only in case`;
    folded.set(name.toLowerCase(), name);
  }
  return undefined;
}
