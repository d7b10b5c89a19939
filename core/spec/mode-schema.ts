import { defaults } from './defaults.js';
import { absent, has, type Schema } from './schema-keyword.js';
import { modeKeys, modesWith, type ModeKey } from './words/modes.js';

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
