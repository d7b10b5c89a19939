import { PercussError } from '../errors.js';
import { limits } from '../limits.js';
import { sizeOf } from '../tensor.js';

/**
 * Whether images may be [channels, height, width]: no side is 0, and one is not above the limit.
 * @throws PercussError FILE_DAMAGED or LIMIT_EXCEEDED naming the file.
 */
export function checkImageShape(path: string, shape: readonly number[]): void {
  const size = sizeOf(shape);
  if (size > 0 && size <= limits.imageElements.value) return;
  const found = `images of [${shape.join(', ')}] (channels, height, width)`;
  throw size === 0
    ? new PercussError('FILE_DAMAGED', `${path}: ${found} hold nothing`, { details: { file: path } })
    : new PercussError(
        'LIMIT_EXCEEDED',
        `${path}: ${found} are ${size} numbers, above the limit of ${limits.imageElements.value} (docs/limits.md)`,
        { details: { file: path } },
      );
}
