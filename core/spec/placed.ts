import { isPercussError } from '../errors.js';
import { specInvalid } from './load.js';
import type { Positions } from './issue.js';

/**
 * A refusal of the spec that was found where its text is not at hand, while the study ran: as a mistake at its place, by the
 * path in its details. Whatever else was thrown comes back as it is.
 */
export function placed(error: unknown, positions: Positions): unknown {
  if (!isPercussError(error) || error.code !== 'SPEC_INVALID' || 'line' in error.details) return error;
  const { path } = error.details;
  if (typeof path !== 'string') return error;
  const prefix = `${path}: `;
  const message = error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
  return specInvalid(positions.file, [positions.issue(path, message)]);
}
