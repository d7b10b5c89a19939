import { globMatcher } from '../select.js';
import { architectureOf } from '../training-name.js';
import { choice, wordsWhere } from '../word-table.js';
import { fieldsOf, suggestion, type Cursor, type Fields } from './cursor.js';
import { defaults } from './defaults.js';
import { checkStop, readStop } from './read-stop.js';
import type { AblationSpec, PairsSpec, QuadruplesSpec, ScreenSpec } from './study-spec.js';
import { count, fraction, listOf, oneOf, text } from './value.js';
import { keys, vocabulary } from './vocabulary.js';
import { fills, type FillName } from './words/fills.js';
import { hasKey, modeKeys, modes, modesWith, type Mode, type ModeKey } from './words/modes.js';
import { pairScopes, type PairScope } from './words/pair-scopes.js';
import { removalOrders, type RemovalOrder } from './words/removal-orders.js';
import { spreadsOfWholes } from './words/spreads.js';
import { units, type Unit } from './words/units.js';

const isGlob = (name: string): boolean => /[*?{]/.test(name);

/**
 * A key that names models by names or globs over those of the spec, `models` of an ablation or of impulses: all where not given. An
 * architecture with several trainings stands for all of them.
 */
export function readModelNames(
  fields: Fields,
  names: readonly string[],
  { key = 'models', usual = ['*'] as readonly string[] } = {},
): readonly string[] {
  const globs = fields.optional(key, listOf(text, { empty: 'the list names no model' }), usual);
  const given = fields.get(key);
  const items = given?.items() ?? [];
  const declared = new Set([...names, ...names.map(architectureOf)]);
  const chosen = new Set<string>();
  globs.forEach((glob, i) => {
    const matches = isGlob(glob) ? globMatcher(glob) : (name: string) => name === glob;
    const matched = names.filter((name) => matches(name) || matches(architectureOf(name)));
    if (matched.length === 0 && given && names.length > 0) {
      const at = items[i] ?? given;
      at.fail(`no model "${glob}" is declared under models`, suggestion(glob, [...declared], 'declared'));
    }
    for (const name of matched) chosen.add(name);
  });
  return names.filter((name) => chosen.has(name));
}

/** Whether several trials of an ablation differ. */
const isTried = (mode: Mode, order: RemovalOrder): boolean =>
  hasKey(mode, 'trials') && (!hasKey(mode, 'order') || removalOrders[order].chance);

/** One entry of `ablations`. */
export function readAblation(name: string, entry: Cursor, models: readonly string[]): AblationSpec | undefined {
  const fields = fieldsOf(entry, keys.ablation);
  if (!fields) return undefined;
  const given = fields.has('mode')
    ? fields.optional<Mode | undefined>('mode', oneOf(vocabulary.mode), undefined)
    : defaults.mode;
  const mode = given ?? defaults.mode;
  const order = fields.optional('order', oneOf(vocabulary.order), defaults.order);
  const spreads = hasKey(mode, 'spread') ? defaults.spread : [];
  const stop = readStop(fields);
  const keep = fields.optional('keep', oneOf(vocabulary.kept), modes[mode].keeps);
  const spec: AblationSpec = {
    name,
    models: readModelNames(fields, models),
    unit: fields.optional('unit', oneOf(vocabulary.unit), defaults.unit),
    layers: fields.optional('layers', listOf(text), ['*']),
    mode,
    fill: fields.optional('fill', listOf(oneOf(vocabulary.fill)), defaults.fill),
    draws: fields.optional('draws', count(3), defaults.draws),
    fractions: fields.optional('fractions', listOf(fraction), modes[mode].fractions),
    trials: fields.optional('trials', count(1), isTried(mode, order) ? defaults.trials : 1),
    spread: fields.optional('spread', listOf(oneOf(vocabulary.spread)), spreads),
    order,
    ...(hasKey(mode, 'within') ? { pairs: readPairs(fields) } : {}),
    ...(mode === 'quadruples' ? { quadruples: readQuadruples(fields) } : {}),
    ...(stop ? { stop } : {}),
    ...(keep === modes[mode].keeps ? {} : { keep }),
  };
  if (given !== undefined) {
    if (keep !== modes[mode].keeps && modes[mode].needsKept)
      fields
        .get('keep')
        ?.fail(`nothing can be said of ${mode} from ${keep} alone`, `write keep: ${modes[mode].keeps}, or remove keep`);
    checkMode(spec, fields);
    checkStop(spec, fields);
  }
  return spec;
}

/** `within` and `budget`, as far as they can be judged without a network. */
function readPairs(fields: Fields): PairsSpec {
  const within = fields.optional<readonly PairScope[]>(
    'within',
    listOf(oneOf(vocabulary.within)),
    defaults.pairsWithin,
  );
  const budget = fields.optional<number | undefined>('budget', count(1), undefined);
  const all = within.find((scope) => pairScopes[scope].all);
  if (within.length > 1 && all !== undefined) {
    const others = vocabulary.within.filter((scope) => !pairScopes[scope].all);
    const message = `within: ${all} already holds the pairs of one layer and of two`;
    fields
      .get('within')
      ?.fail(message, `write ${all} alone, or [${others.join(', ')}], which share the budget equally`);
  }
  if (budget !== undefined && budget < within.length) {
    fields.get('budget')?.fail(`a budget of ${budget} leaves none for each of ${within.join(' and ')}`);
  }
  const screen = readScreen(fields);
  return { within, budget, ...(screen ? { screen } : {}) };
}

/** `screen`: how many pairs are kept, and how many of the others run by chance. */
function readScreen(fields: Fields): ScreenSpec | undefined {
  const given = fields.get('screen');
  const screen = given && fieldsOf(given, keys.screen);
  return (
    screen && {
      keep: screen.required('keep', count(1), 1, 'how many pairs of the most harmful targets run, as in keep: 120'),
      random: screen.required('random', count(2), 2, 'how many of the others run by chance, as in random: 60'),
    }
  );
}

/** `budget` of quadruples, which there are more of than anybody asks for. */
const readQuadruples = (fields: Fields): QuadruplesSpec => ({
  budget: fields.optional('budget', count(1, 'quadruples'), defaults.quadruples),
});

/** Keys that say how sets are drawn: useless above all where it is fixed how much is removed. */
const ofSets: ReadonlySet<ModeKey> = new Set(['fractions', 'trials', 'spread', 'order']);

/** Fills that have no meaning for what is removed. */
function checkFills(unit: Unit, mode: Mode, words: readonly FillName[], fields: Fields): void {
  for (const word of words) {
    const { only } = fills[word];
    if (!only) continue;
    const fits: readonly (readonly [string, string, readonly string[]])[] = [
      ['unit', unit, only.units],
      ['mode', mode, only.modes ?? [mode]],
    ];
    for (const [key, own, meant] of fits) {
      if (meant.includes(own)) continue;
      const message = `fill ${word} is of no use with ${key} ${own}: ${only.because}`;
      fields.get('fill')?.fail(message, `write ${key}: ${choice(meant)}, or another fill`);
    }
  }
}

/** Keys that the mode gives no meaning. Silently ignoring them would answer another question than was asked. */
function checkMode({ mode, order, unit, fill, spread, pairs }: AblationSpec, fields: Fields): void {
  const useless = (key: string, reason: string, hint: string): void =>
    fields.failAtKey(key, `${key} is of no use with ${reason}`, hint);
  const { removes, units: meant } = modes[mode];
  if (meant && !meant.includes(unit)) {
    const message = `mode ${mode} removes ${removes?.(unit) ?? `sets of ${choice(meant)}s`} at a time, not ${unit}s`;
    fields.get(fields.has('unit') ? 'unit' : 'mode')?.fail(message, `write unit: ${choice(meant)}, or another mode`);
  }
  // Of `stop`, `checkStop` says more.
  for (const key of modeKeys.filter((one) => one !== 'stop' && !hasKey(mode, one))) {
    const fixed = removes && ofSets.has(key) ? `, which removes ${removes(unit)} at a time` : '';
    useless(key, `mode ${mode}${fixed}`, `write mode: ${choice(modesWith(key))}, or remove ${key}`);
  }
  const { whole } = units[unit];
  const within = pairs?.within.find((scope) => pairScopes[scope].oneLayer);
  if (within !== undefined && whole) {
    const message = `within ${within} asks for pairs of one layer, where unit ${unit} has no two`;
    fields.get('within')?.fail(message, 'write within: across, or unit: kernel');
  }
  if (hasKey(mode, 'trials') && !isTried(mode, order)) {
    useless('trials', `order ${order}, which is the same in every trial`, 'remove trials');
  }
  checkFills(unit, mode, fill, fields);
  const drawn = wordsWhere(fills, (row) => row.drawn);
  if (!fill.some((one) => drawn.includes(one))) {
    const only = `these fills; only ${drawn.join(' and ')} ${drawn.length === 1 ? 'draws' : 'draw'} donors`;
    useless('draws', only, `add ${choice(drawn)} to fill, or remove draws`);
  }
  const oneLayer = hasKey(mode, 'spread') && whole ? spread.find((word) => !spreadsOfWholes.includes(word)) : undefined;
  if (oneLayer !== undefined) {
    const message = `spread ${oneLayer} draws within one layer, where unit ${unit} has nothing to draw`;
    fields.get('spread')?.fail(message, `write spread: ${choice(spreadsOfWholes)}, or unit: kernel`);
  }
}
