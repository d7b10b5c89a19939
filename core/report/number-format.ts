const minus = '\u2212';
const thin = '\u202f';

/** Three significant digits: 0.0123, 12.3, 1 230, 1.23 × 10⁻⁵. A missing number is a dash. */
export function significant(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const sign = value < 0 ? minus : '';
  if (size < 1e-3 || size >= 1e7) {
    const [mantissa = '', exponent = '0'] = size.toExponential(digits - 1).split('e');
    return `${sign}${mantissa}${thin}×${thin}10${superscript(Number(exponent))}`;
  }
  const rounded = Number(size.toPrecision(digits));
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(rounded)));
  return sign + grouped(rounded.toFixed(decimals));
}

/** A count in full, in groups of three: 269 722. */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined
    ? '–'
    : value < 0
      ? minus + grouped(String(-value))
      : grouped(String(value));
}

/** `1 network`, `3 networks`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A share as a percentage of three significant digits, with at most one decimal: 91.0 %, 0.2 %, 100 %. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return '–';
  return `${percentDigits(share)}${thin}%`;
}

/** `[0.882, 0.932]`, or nothing if an end is missing. */
export function interval(
  low: number | null,
  high: number | null,
  print: (value: number) => string = significant,
): string {
  return low === null || high === null ? '' : `[${print(low)}, ${print(high)}]`;
}

/** `91.0 % [88.2, 93.2]`. */
export function percentWithInterval(share: number | null, low: number | null, high: number | null): string {
  return [percent(share), interval(low, high, percentDigits)].filter(Boolean).join(' ');
}

/** From the lower to the upper end: `0.41 to 0.46`; one number where they look alike, `–` where there is none. */
export function bracket(low: number | null, high: number | null): string {
  const [least, greatest] = [significant(low), significant(high)];
  return high === null || least === greatest ? least : `${least} to ${greatest}`;
}

/** `0.312 [0.290, 0.330]`. */
export function withInterval(value: number | null, low: number | null, high: number | null): string {
  return [significant(value), interval(low, high)].filter(Boolean).join(' ');
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;
}

function percentDigits(share: number): string {
  const value = 100 * share;
  const size = Math.abs(value);
  const text = size !== 0 && size < 0.1 ? String(Number(size.toPrecision(1))) : size.toFixed(size === 100 ? 0 : 1);
  return (value < 0 ? minus : '') + text;
}

function grouped(digits: string): string {
  const [whole = '', fraction] = digits.split('.');
  const groups = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, thin) : whole;
  return fraction === undefined ? groups : `${groups}.${fraction}`;
}

function superscript(value: number): string {
  return String(value).replace(/[-\d]/g, (c) => (c === '-' ? '⁻' : ('⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)] ?? c)));
}
