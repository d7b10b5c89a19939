import { isPercussError, PercussError } from './errors.js';

/** What is parsed, for people. */
export interface Foreign {
  /** Whose file it is: `model "x"`, `images "test"`. */
  readonly what: string;
  readonly file: string;
  /** What it should be: `an ONNX model`, `a PNG picture`. */
  readonly format: string;
}

/**
 * The border around a parser of foreign bytes: what the parser foresees passes, with the file in its details; whatever else it
 * throws, or its promise is rejected with, becomes FILE_DAMAGED with the cause kept for `--debug`. So a damaged file is never
 * taken for a bug of ours.
 * @throws PercussError FILE_DAMAGED, or what `parse` foresees.
 */
export function withinBorder<T>(foreign: Foreign, parse: () => T): T {
  let parsed: T;
  try {
    parsed = parse();
  } catch (error) {
    throw asForeign(foreign, error);
  }
  if (!(parsed instanceof Promise)) return parsed;
  return parsed.catch((error: unknown) => {
    throw asForeign(foreign, error);
  }) as T;
}

/**
 * Names the place in a file, `node "conv1"`, `record 3`, where something unforeseen is thrown; the border around the whole file tells
 * it. What `passes` is thrown on as it is.
 */
export function atPlace<T>(place: string, parse: () => T, passes: (error: unknown) => boolean = () => false): T {
  try {
    return parse();
  } catch (error) {
    throw isForeseen(error) || error instanceof Misplaced || passes(error) ? error : new Misplaced(place, error);
  }
}

/** Something unforeseen, with the place where it happened; only a border sees it. */
class Misplaced extends Error {
  constructor(place: string, cause: unknown) {
    super(place, { cause });
  }
}

const isForeseen = (error: unknown): error is PercussError => isPercussError(error) && error.code !== 'BUG';

function asForeign({ what, file, format }: Foreign, error: unknown): PercussError {
  if (isForeseen(error)) {
    if (error.details['file'] !== undefined) return error;
    const told = new PercussError(error.code, error.message, {
      details: { ...error.details, file },
      ...(error.issues ? { issues: error.issues } : {}),
      cause: error.cause ?? error,
    });
    return told;
  }
  const place = error instanceof Misplaced ? error.message : undefined;
  return new PercussError(
    'FILE_DAMAGED',
    `${what}: ${file} is damaged, or is not ${format}${place === undefined ? '' : `: it cannot be read at ${place}`}. ` +
      'Export, save or download it again; --debug shows what it failed on',
    {
      details: { file, ...(place === undefined ? {} : { place: place.slice(0, 200) }) },
      cause: error instanceof Misplaced ? error.cause : error,
    },
  );
}
