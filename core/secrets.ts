/** Names of parameters, variables and headers whose values are secrets, or lead to some. */
const secretName = /key|secret|token|passw|pwd|signature|^sig$|credential|api-?key|auth|session|^x-amz-/i;

/** `scheme://user:password@`; a secret of AWS may hold slashes, so all up to the last @ of the part before the query counts. */
const userInfo = /(\b[a-z][a-z0-9+.-]{0,30}:\/{1,3})[^\s"'<>?#]{0,300}@/gi;
const encodedUserInfo = /(%3A%2F%2F)(?:(?!%26)[^\s"'&<>]){0,300}%40/gi;
/**
 * `?name=value` and `#name=value`, also encoded. Here and below a backslash before a quote ends a secret: what is masked may be JSON
 * already, and must still be it.
 */
const parameter = /([?&;#]|%3F|%26|%23)([\w.%-]{1,80}?)(=|%3D)((?:[^\s"'<>&;#%\\]|\\\\|\\(?!["'\\])|%(?!26))*)/gi;
/** `NAME=value` of an environment. */
const variable =
  /\b([A-Z][A-Z0-9_]{0,60}(?:KEY|SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIALS?|ACCESS_KEY_ID))(=)("[^"]*"|\\"(?:[^"\\]|\\\\|\\(?!["\\]))*\\"|'[^']*'|(?:[^\s"'\\]|\\\\|\\(?!["'\\]))+)/g;
/** What signs or authorises a request. */
const header =
  /\b((?:proxy-)?authorization|x-amz-[a-z-]+|x-api-key|cookie)(\\?["']?\s*[:=]\s*)(?:"[^"]*"|\\"(?:[^"\\]|\\\\|\\(?!["\\]))*\\"|'[^']*'|(?:[^\n\r"'}\\]|\\\\|\\(?!["'\\]))+)/gi;
const scheme = /\b(Bearer|AWS4-HMAC-SHA256)\s+(?:[^\n\r"'}\\]|\\\\|\\(?!["'\\])){6,}/g;
const accessKey = /\b(AKIA|ASIA)[A-Z0-9]{12,}\b/g;

const mask = '…';

/**
 * Text as it may be told: secrets in URLs (users and passwords, signed parameters, tokens), in variables and in headers are replaced by
 * `…`. `known`: values that are secrets wherever they stand; short ones are left alone, since they would be found in words.
 */
export function masked(text: string, known: readonly string[] = []): string {
  const told = known
    .filter((secret) => secret.length >= 8)
    .reduce((rest, secret) => rest.replaceAll(secret, mask).replaceAll(encodeURIComponent(secret), mask), text);
  return told
    .replace(userInfo, `$1${mask}@`)
    .replace(encodedUserInfo, `$1${mask}%40`)
    .replace(parameter, (whole, before: string, name: string, equals: string) =>
      secretName.test(name) ? before + name + equals + mask : whole,
    )
    .replace(variable, `$1$2${mask}`)
    .replace(header, `$1$2${mask}`)
    .replace(scheme, `$1 ${mask}`)
    .replace(accessKey, `$1${mask}`);
}

/**
 * What somebody gave as the URL of a store, for a message that refuses it: as `masked`, and whatever stands before an @, however the
 * URL is written.
 */
export function maskedUrl(url: string): string {
  const told = masked(url);
  const at = told.split('?')[0]?.lastIndexOf('@') ?? -1;
  if (at < 0) return told;
  const start = /^(?:[a-z][a-z0-9+.-]*:(?=\/)|(?:s3|https?|file|memory):)?\/{0,3}/i.exec(told)?.[0] ?? '';
  return start + mask + told.slice(at);
}
