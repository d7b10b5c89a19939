/** What a run's rows keep alive should stay in a core's own cache: measured, 64 rows of 64 kB run a fifth faster than 256. */
const CACHED_BYTES = 3 * 2 ** 20;
/** What a run's rows may keep alive, at least one row. */
const MOST_BYTES = 64 * 2 ** 20;
/** A byte of weights takes about as long to read as 7.5 multiply-accumulates: with this many they cost a tenth. */
const MACS_PER_WEIGHT_BYTE = 75;
const MOST_ROWS = 256;

/** What a program does with a row, and what it reads once a run. */
export interface RunLoad {
  /** Largest set of values alive at once, of one row. */
  readonly liveBytes: number;
  readonly macs: number;
  readonly weightBytes: number;
}

/**
 * Rows that a run takes: as many as stay in the cache, or more where reading the weights would cost as much as using them.
 * A function of the network alone, since nothing that is measured or missing may decide how values are computed.
 */
export function rowsOfRun({ liveBytes, macs, weightBytes }: RunLoad): number {
  const cached = CACHED_BYTES / liveBytes;
  const worth = (MACS_PER_WEIGHT_BYTE * weightBytes) / Math.max(1, macs);
  const most = Math.min(MOST_ROWS, MOST_BYTES / liveBytes);
  return Math.max(1, Math.floor(Math.min(most, Math.max(cached, worth))));
}

const MOST_CONDITIONS = 4;

/**
 * How a run's rows divide among conditions and images: few conditions, since each is fed on its own, and all the more images
 * where there are not even so many.
 */
export function shapeOfRun(
  rows: number,
  { images, conditions }: { readonly images: number; readonly conditions: number },
): { readonly images: number; readonly conditions: number } {
  const together = Math.min(MOST_CONDITIONS, conditions, rows);
  const perRun = Math.min(images, Math.max(Math.min(8, rows), Math.floor(rows / together)));
  return { images: perRun, conditions: Math.max(1, Math.floor(rows / perRun)) };
}
