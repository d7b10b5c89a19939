import { choice, wordsWhere } from '../word-table.js';
import { fieldsOf, type Fields } from './cursor.js';
import { defaults } from './defaults.js';
import type { AblationSpec, StopSpec } from './study-spec.js';
import { count, number, oneOf } from './value.js';
import { keys, vocabulary } from './vocabulary.js';
import { fills } from './words/fills.js';
import { hasKey, keepsOutputs, modesWith } from './words/modes.js';

const share = number('a fraction between 0 and 1', (value) => value > 0 && value < 1);
const positive = number('a number above 0', (value) => value > 0);

/** The key `stop` of an ablation, as far as it can be judged without a network. */
export function readStop(fields: Fields): StopSpec | undefined {
  const given = fields.get('stop');
  const stop = given && fieldsOf(given, keys.stop);
  if (!stop) return undefined;
  const common = {
    confidence: stop.optional('confidence', share, defaults.stop.confidence),
    clip: stop.optional('clip', positive, defaults.stop.clip),
    by: stop.optional('by', oneOf(vocabulary.stopBy), defaults.stop.by),
  };
  const ranks = stop.has('top') || stop.has('epsilon');
  if (!ranks && !stop.has('precision')) {
    return given.fail(
      'stop says neither how precise nor how many',
      'write precision: 0.02, or top: 20 and epsilon: 0.05',
    );
  }
  const [name, size] = ranks ? (['epsilon', 1] as const) : (['precision', 2] as const);
  if (ranks) stop.failAtKey('precision', 'precision and top are two rules; a condition can stop by one', 'remove one');
  const least = stop.required(name, positive, Number.MIN_VALUE, `how far off the choice may be, as in epsilon: 0.05`);
  if (least * size >= common.clip) {
    const message = `${name} ${least} is met before any image is seen: damage is clipped at ${common.clip}`;
    stop.get(name)?.fail(message, `write less than ${common.clip / size}`);
  }
  if (!ranks) return { precision: least, ...common };
  return { top: stop.required('top', count(1), 1, 'how many are wanted, as in top: 20'), epsilon: least, ...common };
}

/** Where a `stop` would answer another question than was asked. */
export function checkStop({ mode, fill, stop, keep }: Omit<AblationSpec, 'models'>, fields: Fields): void {
  if (!hasKey(mode, 'stop')) {
    const message = `stop is of no use with mode ${mode}, which compares its conditions on the same images`;
    fields.failAtKey('stop', message, `write mode: ${choice(modesWith('stop'))}, or remove stop`);
  }
  if (stop && keepsOutputs({ mode, ...(keep ? { keep } : {}) })) {
    const message = 'keep: outputs are compared over all images, where stop looks at some of them';
    fields.get('keep')?.fail(message, 'remove keep, or stop');
  }
  const drawn = wordsWhere(fills, (row) => row.drawn);
  const several = fill.find((one) => drawn.includes(one));
  if (stop && 'top' in stop && (fill.length > 1 || several !== undefined)) {
    const why =
      fill.length > 1 ? `${fill.join(' and ')} rank each target more than once` : `${several} has several draws`;
    fields.get('fill')?.fail(`stop.top ranks conditions, and ${why}`, `write one fill other than ${choice(drawn)}`);
  }
}
