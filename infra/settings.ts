import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Everything that percuss reads from the environment is read here. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Where downloads and native builds are kept, outside any repository: `$XDG_CACHE_HOME/percuss` or `~/.cache/percuss`. */
export function cacheFolder(environment: Environment = process.env): string {
  const base = environment['XDG_CACHE_HOME'];
  // The XDG specification asks to ignore relative paths.
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), '.cache'), 'percuss');
}

/** The environment of a child process: ours, with `changes`. */
export function childEnvironment(changes: Environment = {}, environment: Environment = process.env): NodeJS.ProcessEnv {
  return { ...environment, ...changes };
}
