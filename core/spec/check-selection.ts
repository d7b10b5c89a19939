import { globMatcher, nearestName } from '../select.js';
import type { Anatomy, Site } from '../anatomy/site.js';
import { limits } from '../limits.js';
import { choice, wordsWhere } from '../word-table.js';
import type { Fail, ImageFacts } from './subjects.js';
import { askedImages } from './compared-impulses.js';
import type { AblationSpec, ImpulseSpec, ModelSpec, PairsSpec } from './study-spec.js';
import { pairScopes, type PairScope } from './words/pair-scopes.js';
import { units, type Group } from './words/units.js';

/** Units that every network has. */
const plainUnits = wordsWhere(units, (row) => !row.residual);

/** Globs of one list for which a nearest name is looked for: of more than these, none is a slip. */
const SUGGESTED = 100;

/** Whether each glob selects something; what they select together. */
function select<T extends Group>(
  globs: readonly string[],
  from: readonly T[],
  {
    path,
    model,
    noun,
    words = [],
  }: {
    readonly path: string;
    readonly model: string;
    readonly noun: string;
    /** What may stand here instead of names. */
    readonly words?: readonly string[];
  },
  fail: Fail,
): readonly T[] {
  const chosen = new Set<T>();
  const known = [...words, ...from.flatMap(({ names }) => names)];
  let missed = 0;
  globs.forEach((glob, i) => {
    const matches = globMatcher(glob);
    const found = from.filter(({ names }) => names.some(matches));
    for (const one of found) chosen.add(one);
    if (found.length > 0) return;
    const nearest = ++missed > SUGGESTED ? undefined : nearestName(glob, known);
    const listed = from.slice(0, 6).map(({ names }) => names[0]);
    const hint =
      nearest === undefined
        ? `its ${noun}s: ${listed.join(', ')}${from.length > 6 ? `, … (${from.length}; percuss inspect lists them)` : ''}`
        : `did you mean "${nearest}"?`;
    const message = /[*?{]/.test(glob)
      ? `"${glob}" selects no ${noun} of ${model}`
      : `${model} has no ${noun} "${glob}"`;
    fail(`${path}[${i}]`, message, hint);
  });
  return from.filter((one) => chosen.has(one));
}

/** An ablation of one network: its selection, and fractions that remove nothing of it. */
export function checkAblation(ablation: AblationSpec, model: string, anatomy: Anatomy, fail: Fail): void {
  const path = `ablations.${ablation.name}`;
  const { among: noun, residual, groups } = units[ablation.unit];
  const from = groups(anatomy);
  if (from.length === 0) {
    fail(
      `${path}.unit`,
      `${model} has no ${noun}s`,
      residual ? `leave this model out under models, or choose unit: ${choice(plainUnits)}` : undefined,
    );
    return;
  }
  const chosen = select(ablation.layers, from, { path: `${path}.layers`, model, noun }, fail);
  const targets = chosen.reduce((sum, one) => sum + one.targets, 0);
  if (targets === 0) return;
  checkPairs(
    ablation,
    model,
    chosen.map((one) => one.targets),
    fail,
  );
  checkQuadruples(
    ablation,
    model,
    chosen.map((one) => one.targets),
    fail,
  );
  const { stop } = ablation;
  if (stop && 'top' in stop && stop.top >= targets) {
    const all = `${targets} ${ablation.unit}${targets === 1 ? '' : 's'}`;
    fail(`${path}.stop.top`, `the top ${stop.top} of the ${all} selected in ${model} are all`, 'lower top');
  }
  ablation.fractions.forEach((fraction, i) => {
    if (Math.round(fraction * targets) > 0) return;
    fail(
      `${path}.fractions[${i}]`,
      `${fraction} of the ${targets} ${ablation.unit}s selected in ${model} rounds to nothing`,
      `the least fraction that removes one is ${Math.ceil((0.5 / targets) * 1e4) / 1e4}`,
    );
  });
}

/** Pairs of a kind of which the selection has none. `layers`: how many targets each selected layer has. */
function checkPairs({ name, pairs, unit }: AblationSpec, model: string, layers: readonly number[], fail: Fail): void {
  if (!pairs) return;
  const counts = pairs.within.map((scope) => [scope, pairScopes[scope].count(layers)] as const);
  const path = `ablations.${name}`;
  for (const [scope, count] of counts) {
    if (count > 0) continue;
    fail(
      `${path}.within`,
      `the ${unit}s selected in ${model} have no pair ${pairScopes[scope].where}`,
      'select more under layers',
    );
  }
  const [all, most] = [pairCountOf(pairs, counts), limits.screenedPairs.value];
  if (pairs.screen && all > most)
    fail(
      `${path}.screen`,
      `the ${unit}s selected in ${model} have ${all} pairs to be screened, above the limit of ${most} (docs/limits.md)`,
      `write a budget of at most ${most}, or select less under layers`,
    );
}

/** Pairs that are asked for, of so many in each scope. */
function pairCountOf({ within, budget }: PairsSpec, counts: readonly (readonly [PairScope, number])[]): number {
  const most = budget === undefined ? Infinity : Math.floor(budget / within.length);
  return counts.reduce((sum, [, count]) => sum + Math.min(most, count), 0);
}

/** Quadruples where no two selected layers have two targets. */
function checkQuadruples(
  { name, quadruples, unit }: AblationSpec,
  model: string,
  layers: readonly number[],
  fail: Fail,
): void {
  if (!quadruples || layers.filter((targets) => targets > 1).length > 1) return;
  fail(
    `ablations.${name}.mode`,
    `quadruples are of two layers with two ${unit}s each, of which the selection in ${model} has too few`,
    'select more under layers',
  );
}

interface ImpulseSubjects {
  readonly anatomy: Anatomy;
  readonly image: readonly number[] | undefined;
  readonly reference: ImageFacts | undefined;
}

/** Impulses on one network: where they are set, in which channels and positions, and where they are recorded. */
export function checkImpulse(impulse: ImpulseSpec, model: ModelSpec, subjects: ImpulseSubjects, fail: Fail): void {
  const path = `impulses.${impulse.name}`;
  const named = subjects.anatomy.sites.map((site) => ({ site, names: [site.name, ...site.aliases], targets: 1 }));
  const about = (key: string) => ({ path: `${path}.${key}`, model: model.name, noun: 'site' });
  const recorded = select(impulse.record, named, about('record'), fail).map(({ site }) => site);
  const places =
    impulse.at === 'input'
      ? []
      : select(impulse.at, named, { ...about('at'), words: ['input'] }, fail).map(({ site }) => site);
  for (const place of places) {
    if (recorded.length === 0 || recorded.some((site) => site.depth > place.depth)) continue;
    fail(
      `${path}.record`,
      `no recorded site of ${model.name} lies behind ${place.name}`,
      'impulses travel forwards only',
    );
  }
  const shapes =
    impulse.at === 'input' ? (subjects.image ? [['the input', subjects.image] as const] : []) : places.map(shapeOf);
  for (const [where, shape] of shapes) checkRange(impulse, `${where} of ${model.name}`, shape, path, fail);
  for (const { key, images } of askedImages(impulse)) {
    if (!subjects.reference || images <= subjects.reference.images) continue;
    fail(
      `${path}.${key}`,
      `${images} images, but the reference set ${model.reference} of ${model.name} has ${subjects.reference.images}`,
    );
  }
}

const shapeOf = (site: Site): readonly [string, readonly number[]] => [site.name, site.shape];

function checkRange(
  { channels, positions, resolve }: ImpulseSpec,
  where: string,
  shape: readonly number[],
  path: string,
  fail: Fail,
): void {
  const [count = 1, height = 1, width = 1] = shape;
  if (channels !== 'each') {
    channels.forEach((channel, i) => {
      if (channel >= count) {
        fail(`${path}.channels[${i}]`, `there is no channel ${channel}: ${where} has ${count}, 0 to ${count - 1}`);
      }
    });
  }
  const few = `${where} has ${height * width}, being ${height}×${width} (height×width)`;
  if (resolve && resolve.budget.positions > height * width)
    fail(`${path}.resolve.budget.positions`, `${resolve.budget.positions} positions on each base, but ${few}`);
  if (typeof positions === 'string') return;
  if ('phases' in positions) {
    if (positions.phases > height * width)
      fail(`${path}.positions.phases`, `${positions.phases} positions on each base, but ${few}`);
    return;
  }
  positions.forEach(([row, column], i) => {
    if (row >= height || column >= width) {
      fail(
        `${path}.positions[${i}]`,
        `[${row}, ${column}] lies outside ${where}, which is ${height}×${width} (height×width)`,
      );
    }
  });
}
