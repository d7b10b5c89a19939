import { PercussError } from '../core/errors.js';
import { nearestName } from '../core/select.js';
import { architectureOf } from '../core/training-name.js';
import { choice } from '../core/word-table.js';

/**
 * Which network of a study `--model` means; the only one where it is not given.
 * @throws PercussError USAGE where it leaves several, the trainings of an architecture among them; NOT_FOUND, with the nearest name.
 */
export function networkAsked(study: string, names: readonly string[], asked: string | undefined): string {
  if (asked === undefined) {
    const [only, ...others] = names;
    if (only !== undefined && others.length === 0) return only;
    throw new PercussError(
      'USAGE',
      `${study} has ${names.length} networks, ${names.join(', ')}: name one with --model`,
    );
  }
  if (names.includes(asked)) return asked;
  const trainings = names.filter((name) => architectureOf(name) === asked);
  if (trainings.length > 0) {
    throw new PercussError(
      'USAGE',
      `${asked} of ${study} was trained ${trainings.length} times: name one network with --model, ${choice(trainings)}`,
    );
  }
  const near = nearestName(asked, names);
  throw new PercussError(
    'NOT_FOUND',
    `${study} has no network ${asked}${near ? `; did you mean ${near}?` : `; it has ${names.join(', ')}`}`,
  );
}
