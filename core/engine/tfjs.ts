import { PercussError } from '../errors.js';
import type { NumericMode } from '../numeric-mode.js';
import type { Engine } from './engine.js';

export function openTfjs(device: NumericMode['device']): Promise<Engine> {
  throw new PercussError('ENGINE_UNAVAILABLE', `tfjs on ${device} is not there yet`);
}
