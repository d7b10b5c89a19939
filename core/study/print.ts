/** A time for people: `12 s`, `3.4 min`, `5.6 h`. */
export function printSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  return seconds < 3600 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** A number of bytes for people, by thousands: `1.2 MB`. */
export function printBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A count, in digits as far as these are exact: `1000000000000`, `about 1.20e+19`. */
export function printCount(count: number): string {
  return Number.isSafeInteger(count) ? String(count) : `about ${count.toExponential(2)}`;
}
