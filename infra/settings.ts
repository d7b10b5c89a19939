import { homedir } from 'node:os';
import path from 'node:path';
import { loadClientConfigProfile, toClientOptions } from '@temporalio/envconfig';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import { PercussError, messageOf } from '../core/errors.js';

/** The environment as it stood at start; everything that percuss reads from it, it reads here. */
export type Environment = Readonly<Record<string, string | undefined>>;

const environment: Environment = process.env;

/** A setting and where it came from, as `percuss doctor` shows it. */
export interface Setting<T> {
  readonly value: T;
  readonly source: string;
}

/** The store: the argument, `PERCUSS_STORE`, or the folder `.percuss`. */
export function storeUrl(argument?: string, env: Environment = environment): Setting<string> {
  if (argument !== undefined) return { value: argument, source: '--store' };
  if (env['PERCUSS_STORE']) return { value: env['PERCUSS_STORE'], source: 'PERCUSS_STORE' };
  return { value: 'file:.percuss', source: 'default' };
}

/** Where a configured Temporal is. Undefined value: none is configured, so percuss brings its own. */
export function temporalSettings(
  profile?: string,
  env: Environment = environment,
): Setting<(ClientConnectConfig & { readonly address: string }) | undefined> {
  const overrideEnvVars = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const chosen = profile ?? env['TEMPORAL_PROFILE'];
  try {
    const found = loadClientConfigProfile({ overrideEnvVars, ...(chosen === undefined ? {} : { profile: chosen }) });
    if (found.address === undefined) {
      if (chosen === undefined || chosen === 'default') return { value: undefined, source: 'not configured' };
      throw new Error(`it has no address`);
    }
    const source = env['TEMPORAL_ADDRESS'] ? 'TEMPORAL_ADDRESS' : `profile ${chosen ?? 'default'}`;
    return { value: { ...toClientOptions(found), address: found.address }, source };
  } catch (error) {
    throw new PercussError(
      'USAGE',
      `Temporal's profile ${chosen ?? 'default'} can't be used (${messageOf(error)}): see \`temporal config list\`, or leave it out to use percuss's own server`,
      { cause: error },
    );
  }
}

/** What percuss downloads: `$XDG_CACHE_HOME/percuss`, else `~/.cache/percuss`. */
export function cacheFolder(env: Environment = environment): string {
  return path.join(absolute(env['XDG_CACHE_HOME']) ?? path.join(home(env), '.cache'), 'percuss');
}

/** What must outlive a cache clean-up, such as the user's server: `$XDG_STATE_HOME/percuss`, else `~/.local/state/percuss`. */
export function stateFolder(env: Environment = environment): string {
  return path.join(absolute(env['XDG_STATE_HOME']) ?? path.join(home(env), '.local', 'state'), 'percuss');
}

/** A server binary given by `PERCUSS_TEMPORAL_SERVER`, which goes before any on the PATH. */
export function configuredServer(env: Environment = environment): string | undefined {
  return env['PERCUSS_TEMPORAL_SERVER'] || undefined;
}

/**
 * `PERCUSS_TEMPORAL_SHA256`: of the archive of the official release that the user trusts, where percuss holds no hash of its own.
 * @throws PercussError USAGE if it is no SHA-256.
 */
export function trustedArchive(env: Environment = environment): string | undefined {
  const given = env['PERCUSS_TEMPORAL_SHA256']?.trim().toLowerCase();
  if (!given) return undefined;
  if (/^[0-9a-f]{64}$/.test(given)) return given;
  throw new PercussError('USAGE', 'PERCUSS_TEMPORAL_SHA256 is no SHA-256: 64 hexadecimal digits were expected');
}

/** Folders in which programs are looked for. */
export function searchPath(env: Environment = environment): readonly string[] {
  return (env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
}

export type LogLevel = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

/** `PERCUSS_LOG`: how much of Temporal's and our own log goes to the terminal. Errors unless set: a retry is no news. */
export function logLevel(env: Environment = environment): LogLevel {
  const level = (env['PERCUSS_LOG'] ?? 'ERROR').toUpperCase();
  const levels: readonly string[] = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'];
  if (levels.includes(level)) return level as LogLevel;
  throw new PercussError('USAGE', `PERCUSS_LOG is "${level}"; it may be ${levels.join(', ').toLowerCase()}`);
}

/** Whether causes of errors are shown: `--debug` among the arguments, or `PERCUSS_DEBUG` set to anything but 0. */
export function debugs(args: readonly string[], env: Environment = environment): boolean {
  const end = args.indexOf('--');
  const asked = (end < 0 ? args : args.slice(0, end)).includes('--debug');
  return asked || !['', '0'].includes(env['PERCUSS_DEBUG'] ?? '');
}

const secretName = /secret|token|password|api_?key|access_key|credential/i;

/** Values in the environment that no message may hold, wherever they come from. */
export function knownSecrets(env: Environment = environment): readonly string[] {
  return Object.entries(env).flatMap(([name, value]) =>
    // Of files, the names may be told.
    value !== undefined && secretName.test(name) && !/(_FILE|_PATH|_URI)$/i.test(name) ? [value] : [],
  );
}

/** What programs need that know nothing of percuss: where to find others, whose home it is, language, place for scratch files. */
const plainNames = /^(PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|TMPDIR|TMP|TEMP|SystemRoot)$/i;

/** The environment of servers that percuss starts: no secret, no setting of ours, nothing else that they don't need. */
export function serverEnvironment(env: Environment = environment): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => plainNames.test(name)));
}

/**
 * The environment of processes that compute, with additions: drivers and libraries read more of it than can be listed, so what is
 * left out is named: secrets, and settings of Temporal and of ours. `store`: with the credentials of object stores.
 */
export function childEnvironment(
  additions: Readonly<Record<string, string>> = {},
  options: { readonly store?: boolean } = {},
  env: Environment = environment,
): NodeJS.ProcessEnv {
  const needed = ([name]: readonly [string, unknown]): boolean =>
    /^AWS_/i.test(name) ? options.store === true : !secretName.test(name) && !/^(TEMPORAL_|PERCUSS_STORE$)/i.test(name);
  return { ...Object.fromEntries(Object.entries(env).filter(needed)), ...additions };
}

/** What native libraries read from the environment as they are loaded into this process; anything set before gives way. */
export function setForLibraries(values: Readonly<Record<string, string>>): void {
  Object.assign(process.env, values);
}

/** The XDG rules: relative paths are invalid and ignored. */
function absolute(folder: string | undefined): string | undefined {
  return folder !== undefined && path.isAbsolute(folder) ? folder : undefined;
}

function home(env: Environment): string {
  return env['HOME'] || homedir();
}
