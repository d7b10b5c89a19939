import { PercussError } from '../../errors.js';
import { limits } from '../../limits.js';

/** A complaint about a Keras file. */
export function invalidFile(model: string, complaint: string, cause?: unknown): PercussError {
  return new PercussError('FILE_DAMAGED', `model "${model}": ${complaint}`, { details: { model }, cause });
}

/** Weights hardly compress: how many bytes a file of `size` bytes may grow to. */
export function expandable(size: number): number {
  return Math.max(limits.expanded.value, 16 * size);
}
