import { masked } from '../core/secrets.js';
import { visible, visibleJson } from '../core/visible.js';
import { knownSecrets } from '../infra/settings.js';

type Write = NodeJS.WriteStream['write'];

/** What really writes, by stream. */
const writers = new WeakMap<NodeJS.WriteStream, Write>();

/**
 * The border of this process to terminals: whatever is written as text, by whomever, has its secrets masked, and its control characters
 * shown instead of sent, since names and messages come from files, stores and servers of others. `json`: what is written to standard output is JSON, and
 * means the same afterwards. Line ends of Windows stay.
 */
export function guardTerminal(json: boolean): void {
  const secrets = knownSecrets();
  guard(process.stdout, (text) => (json ? visibleJson : visible)(masked(text, secrets)));
  guard(process.stderr, (text) => visible(masked(text, secrets)));
}

/** A stream that sends what it is given, for what draws on the terminal and shows foreign text by itself. */
export function unguarded(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  const write = writers.get(stream);
  return write ? (Object.create(stream, { write: { value: write } }) as NodeJS.WriteStream) : stream;
}

function guard(stream: NodeJS.WriteStream, show: (text: string) => string): void {
  if (writers.has(stream)) return;
  const write = stream.write.bind(stream);
  writers.set(stream, write);
  const shown = (chunk: unknown): unknown =>
    typeof chunk === 'string' ? chunk.split('\r\n').map(show).join('\r\n') : chunk;
  stream.write = (chunk: unknown, ...rest: readonly unknown[]) =>
    (write as (...args: readonly unknown[]) => boolean)(shown(chunk), ...rest);
}
