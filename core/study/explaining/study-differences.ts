import { canonicalJson, type Json } from '../../canonical.js';
import type { NumericMode } from '../../numeric-mode.js';
import { shareOf, type Share } from '../../spec/shares.js';
import type { ResolvedModel, ResolvedStudy } from '../../spec/resolved-study.js';

/** A study as it is compared: what it is, and on what it is computed, where that is decided. */
export interface ComparedStudy {
  readonly study: ResolvedStudy;
  readonly mode?: NumericMode;
}

/** One component in which two studies differ. */
export interface Difference {
  /** As the spec calls it: `models.resnet20.input.mean`, `data.test.labels`. */
  readonly component: string;
  readonly share: Share;
  /** What stands there, shortened; null where there is nothing. */
  readonly here: string | null;
  readonly there: string | null;
}

/** Characters of a value that are shown. */
const SHOWN = 60;

/** A value as it is shown; null for none. */
export function shown(value: Json | undefined): string | null {
  if (value === undefined) return null;
  const text = typeof value === 'string' ? value : canonicalJson(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text;
}

/** Components that differ, by the paths of the spec. */
class Comparison {
  readonly found: Difference[] = [];

  add(path: readonly string[], here: Json | undefined, there: Json | undefined, share = shareOf(path)): void {
    this.found.push({ component: path.join('.'), share, here: shown(here), there: shown(there) });
  }

  /** Goes down where both are mappings, and names what differs. */
  values(path: readonly string[], here: Json | undefined, there: Json | undefined): void {
    if (here !== undefined && there !== undefined && canonicalJson(here) === canonicalJson(there)) return;
    if (here === undefined && there === undefined) return;
    if (!isMapping(here) || !isMapping(there)) return this.add(path, here, there);
    for (const key of new Set([...Object.keys(here), ...Object.keys(there)]))
      this.values([...path, ...(spelled.get(key) ?? [key])], here[key], there[key]);
  }
}

/** Keys of a resolved study that a spec spells otherwise, or leaves out. */
const spelled: ReadonlyMap<string, readonly string[]> = new Map([
  ['classOffset', ['class-offset']],
  ['bases', ['base']],
  ['pairs', []],
  ['quadruples', []],
]);

const isMapping = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const asJson = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;

/** Entries of two lists by name; those that only one has stand alone. */
function matched<T extends { readonly name: string }>(
  here: readonly T[],
  there: readonly T[],
): readonly { readonly name: string; readonly here: T | undefined; readonly there: T | undefined }[] {
  const names = new Set([...here, ...there].map(({ name }) => name));
  return [...names].map((name) => ({
    name,
    here: here.find((entry) => entry.name === name),
    there: there.find((entry) => entry.name === name),
  }));
}

/** In which components two networks differ: weights by the content of files, everything else by the keys of the spec. */
export function modelDifferences(here: ResolvedModel, there: ResolvedModel): readonly Difference[] {
  const comparison = new Comparison();
  const path = ['models', here.name];
  const { name: _a, content: _b, files: ours, format: ourFormat, ...own } = here;
  const { name: _c, content: _d, files: theirs, format: theirFormat, ...other } = there;
  if (canonicalJson(asJson(ours)) !== canonicalJson(asJson(theirs)))
    comparison.add([...path, 'weights'], filesOf(here), filesOf(there), 'values');
  else if (ourFormat !== theirFormat) comparison.add([...path, 'format'], ourFormat, theirFormat, 'values');
  comparison.values(path, asJson(own), asJson(other));
  return comparison.found;
}

const filesOf = ({ files }: ResolvedModel): string =>
  files.map(({ name, blob }) => `${name} (${blob.slice(0, 12)})`).join(', ');

/**
 * In which components two studies differ, but for the content of image sets, of which it says `data.NAME` alone (`data-differences.ts` says
 * more). Nothing for studies that are the same and computed alike.
 */
export function studyDifferences(here: ComparedStudy, there: ComparedStudy): readonly Difference[] {
  const comparison = new Comparison();
  const { study: ours } = here;
  const { study: theirs } = there;
  comparison.values(['study'], ours.study, theirs.study);
  comparison.values(['seed'], ours.seed, theirs.seed);
  if (ours.semantics !== theirs.semantics) comparison.add(['semantics'], ours.semantics, theirs.semantics, 'values');
  if (here.mode && there.mode) {
    comparison.values(['run', 'engine'], here.mode.engine, there.mode.engine);
    comparison.values(['run', 'device'], here.mode.device, there.mode.device);
    if (here.mode.precision !== there.mode.precision)
      comparison.add(['precision'], here.mode.precision, there.mode.precision, 'values');
  }
  for (const { name, here: own, there: other } of matched(ours.data, theirs.data)) {
    const content = (set: typeof own): Json | undefined =>
      set && asJson({ shape: set.shape, chunks: set.chunks, waves: set.waves, trial: set.trial });
    const [a, b] = [content(own), content(other)];
    if (a === undefined || b === undefined)
      comparison.add(['data', name], own && imagesOf(own), other && imagesOf(other));
    else if (canonicalJson(asJson(own?.chunks)) !== canonicalJson(asJson(other?.chunks)))
      comparison.add(['data', name], imagesOf(own as never), imagesOf(other as never), 'values');
    comparison.values(['data', name, 'classes'], own && asJson(own.classes), other && asJson(other.classes));
  }
  const found = [...comparison.found, ...networks(ours, theirs)];
  const rest = new Comparison();
  for (const part of ['ablations', 'impulses'] as const) {
    for (const { name, here: own, there: other } of matched<{ readonly name: string }>(ours[part], theirs[part]))
      rest.values([part, name], own && asJson(own), other && asJson(other));
  }
  rest.values(['analysis'], asJson(ours.analysis), asJson(theirs.analysis));
  return [...found, ...rest.found];
}

const imagesOf = ({ chunks }: ResolvedStudy['data'][number]): string =>
  `${chunks.reduce((sum, { images }) => sum + images, 0)} images (${chunks[0]?.digest.slice(0, 12) ?? 'none'}, …)`;

/** Networks by name; one that is called otherwise is still found, by its content, or where it is the only one left. */
function networks(ours: ResolvedStudy, theirs: ResolvedStudy): readonly Difference[] {
  const pairs = matched(ours.models, theirs.models);
  const [alone, others] = [pairs.filter(({ there }) => !there), pairs.filter(({ here }) => !here)];
  const found: Difference[] = [];
  for (const { here, there } of pairs)
    if (here && there) for (const difference of modelDifferences(here, there)) found.push(difference);
  for (const { name, here } of alone) {
    const same = others.find(({ there }) => there?.content === here?.content);
    const only = alone.length === 1 && others.length === 1 ? others[0] : undefined;
    const partner = same ?? only;
    if (here && partner?.there) {
      found.push({ component: `models.${name} (name)`, share: 'study', here: name, there: partner.name });
      for (const difference of modelDifferences(here, partner.there)) found.push(difference);
      others.splice(others.indexOf(partner), 1);
    } else found.push({ component: `models.${name}`, share: 'values', here: here ? filesOf(here) : null, there: null });
  }
  for (const { name, there } of others)
    found.push({ component: `models.${name}`, share: 'asked', here: null, there: there ? filesOf(there) : null });
  return found;
}
