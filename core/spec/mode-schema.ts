import { defaults } from './defaults.js';
import { absent, has, type Schema, when, word } from './schema-keyword.js';
import { modeKeys, modes, modesWith, type Mode, type ModeKey } from './words/modes.js';

/** Keys that mean something in some modes only, and stand with no other; those of the same modes are told together. */
export function keysOfModes(): Schema[] {
  const together = new Map<string, ModeKey[]>();
  for (const key of modeKeys) {
    const named = modesWith(key).join();
    together.set(named, [...(together.get(named) ?? []), key]);
  }
  return [...together.values()].map(([first, ...more]) => {
    const allowed = modesWith(first as ModeKey);
    const unsaid = allowed.includes(defaults.mode) ? [{ not: { required: ['mode'] } }] : [];
    return { anyOf: [has('mode', allowed), ...unsaid, absent(first as ModeKey, ...more)] };
  });
}

/** Units that a mode is for, where it is not for all. */
export function unitsOfMode(mode: Mode): Schema[] {
  const { units } = modes[mode];
  if (!units) return [];
  const said = units.includes(defaults.unit) ? {} : { required: ['unit'] };
  return [when(has('mode', [mode]), { properties: { unit: word(units) }, ...said })];
}
