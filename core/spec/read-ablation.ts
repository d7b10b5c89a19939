import { globMatcher } from '../select.js';
import { fieldsOf, suggestion, type Cursor, type Fields } from './cursor.js';
import { defaults } from './defaults.js';
import { checkStop, readStop } from './read-stop.js';
import type { AblationSpec, CumulativeOrder, Mode, PairScope, PairsSpec, Spread, Unit } from './study-spec.js';
import { count, fraction, listOf, oneOf, text } from './value.js';
import { keys, vocabulary } from './vocabulary.js';

const isGlob = (name: string): boolean => /[*?{]/.test(name);

/** The key `models` of an ablation or of impulses: names or globs over the models of the spec; all where not given. */
export function readModelNames(fields: Fields, names: readonly string[]): readonly string[] {
  const globs = fields.optional('models', listOf(text, { empty: 'the list names no model' }), ['*']);
  const given = fields.get('models');
  const items = given?.items() ?? [];
  const declared = new Set(names);
  const chosen = new Set<string>();
  globs.forEach((glob, i) => {
    const matched = isGlob(glob) ? names.filter(globMatcher(glob)) : declared.has(glob) ? [glob] : [];
    if (matched.length === 0 && given && names.length > 0) {
      const at = items[i] ?? given;
      at.fail(`no model "${glob}" is declared under models`, suggestion(glob, names, 'declared'));
    }
    for (const name of matched) chosen.add(name);
  });
  return names.filter((name) => chosen.has(name));
}

/** What a mode makes of the keys that not all modes have. */
interface ModeKeys {
  /** What it removes at a time, where that is fixed. */
  readonly removes?: (unit: Unit) => string;
  /** Spreads, where none are written. */
  readonly spreads: readonly Spread[];
  /** Whether several trials differ. */
  readonly tried: (order: CumulativeOrder) => boolean;
  readonly ordered: boolean;
  readonly pairs: boolean;
}

const never = (): boolean => false;
const ofMode: { readonly [M in Mode]: ModeKeys } = {
  each: { removes: (unit) => `one ${unit}`, spreads: [], tried: never, ordered: false, pairs: false },
  pairs: { removes: (unit) => `two ${unit}s`, spreads: [], tried: never, ordered: false, pairs: true },
  random: { spreads: ['all-depths'], tried: () => true, ordered: false, pairs: false },
  cumulative: { spreads: [], tried: (order) => order === 'random', ordered: true, pairs: false },
};

/** Whether one target of a unit is a whole layer or branch, so that nothing is left to draw within it. */
const fillsLayer: { readonly [U in Unit]: boolean } = { kernel: false, layer: true, block: true, stream: false };

/** One entry of `ablations`. */
export function readAblation(name: string, entry: Cursor, models: readonly string[]): AblationSpec | undefined {
  const fields = fieldsOf(entry, keys.ablation);
  if (!fields) return undefined;
  const given = fields.has('mode')
    ? fields.optional<Mode | undefined>('mode', oneOf(vocabulary.mode), undefined)
    : 'each';
  const mode = given ?? 'each';
  const order = fields.optional('order', oneOf(vocabulary.order), 'random');
  const { spreads, tried, pairs } = ofMode[mode];
  const stop = readStop(fields);
  const spec: AblationSpec = {
    name,
    models: readModelNames(fields, models),
    unit: fields.optional('unit', oneOf(vocabulary.unit), 'kernel'),
    layers: fields.optional('layers', listOf(text), ['*']),
    mode,
    fill: fields.optional('fill', listOf(oneOf(vocabulary.fill)), ['zero']),
    draws: fields.optional('draws', count(3), defaults.draws),
    fractions: fields.optional('fractions', listOf(fraction), defaults.fractions[mode]),
    trials: fields.optional('trials', count(1), tried(order) ? defaults.trials : 1),
    spread: fields.optional('spread', listOf(oneOf(vocabulary.spread)), spreads),
    order,
    ...(pairs ? { pairs: readPairs(fields) } : {}),
    ...(stop ? { stop } : {}),
  };
  if (given !== undefined) {
    checkMode(spec, fields);
    checkStop(spec, fields);
  }
  return spec;
}

const everywhere: readonly PairScope[] = ['any'];

/** `within` and `budget`, as far as they can be judged without a network. */
function readPairs(fields: Fields): PairsSpec {
  const within = fields.optional('within', listOf(oneOf(vocabulary.within)), everywhere);
  const budget = fields.optional<number | undefined>('budget', count(1), undefined);
  if (within.length > 1 && within.includes('any')) {
    const message = 'within: any already holds the pairs of one layer and of two';
    fields.get('within')?.fail(message, 'write any alone, or [layer, across], which share the budget equally');
  }
  if (budget !== undefined && budget < within.length) {
    fields.get('budget')?.fail(`a budget of ${budget} leaves none for each of ${within.join(' and ')}`);
  }
  return { within, budget };
}

/** Keys that the mode gives no meaning. Silently ignoring them would answer another question than was asked. */
function checkMode({ mode, order, unit, fill, spread, pairs }: AblationSpec, fields: Fields): void {
  const useless = (key: string, reason: string, hint: string): void =>
    fields.failAtKey(key, `${key} is of no use with ${reason}`, hint);
  const { removes, spreads, tried, ordered, pairs: paired } = ofMode[mode];
  if (removes) {
    for (const key of ['fractions', 'trials', 'spread', 'order']) {
      const other =
        key === 'order' ? 'mode: cumulative' : key === 'spread' ? 'mode: random' : 'mode: random or cumulative';
      useless(key, `mode ${mode}, which removes ${removes(unit)} at a time`, `write ${other}, or remove ${key}`);
    }
  }
  if (!paired) {
    for (const key of ['within', 'budget']) useless(key, `mode ${mode}`, `write mode: pairs, or remove ${key}`);
  }
  if (pairs?.within.includes('layer') && fillsLayer[unit]) {
    const message = `within layer asks for pairs of one layer, where unit ${unit} has no two`;
    fields.get('within')?.fail(message, 'write within: across, or unit: kernel');
  }
  if (!removes && !ordered) useless('order', `mode ${mode}`, 'write mode: cumulative, or remove order');
  if (!removes && spreads.length === 0) useless('spread', `mode ${mode}`, 'write mode: random, or remove spread');
  if (!removes && !tried(order)) useless('trials', `order ${order}, which is the same in every trial`, 'remove trials');
  if (!fill.includes('resample'))
    useless('draws', 'these fills; only resample draws donors', 'add resample to fill, or remove draws');
  if (spreads.length > 0 && fillsLayer[unit]) {
    const within = spread.find((word) => word !== 'all-depths');
    if (within !== undefined) {
      const message = `spread ${within} draws within one layer, where unit ${unit} has nothing to draw`;
      fields.get('spread')?.fail(message, 'write spread: all-depths, or unit: kernel');
    }
  }
}
