/** What canonical JSON can hold. `undefined` members are refused, not dropped: a key must not change meaning silently. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Canonical JSON after RFC 8785 (JCS): members sorted by UTF-16 code units, no white space, numbers as ECMAScript prints
 * them. Equal values give equal strings, so their digests serve as identities.
 *
 * @throws TypeError for NaN, infinities, undefined and anything else that JSON cannot hold.
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`canonical JSON cannot hold ${value}`);
    // JSON prints numbers as ECMAScript does, but for −0.
    return value === 0 ? '0' : String(value);
  }
  if (Array.isArray(value)) return listJson(value as readonly Json[]);
  if (Object.prototype.toString.call(value) === '[object Object]') {
    const object = value as { readonly [key: string]: Json };
    const members = Object.keys(object)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key] as Json)}`);
    return `{${members.join(',')}}`;
  }
  throw new TypeError(`canonical JSON cannot hold ${Object.prototype.toString.call(value)}`);
}

function listJson(list: readonly Json[]): string {
  let text = '[';
  for (let i = 0; i < list.length; i++) {
    // Holes are undefined, and are refused as such.
    const item = canonicalJson(list[i] as Json);
    text += i === 0 ? item : `,${item}`;
  }
  return `${text}]`;
}
