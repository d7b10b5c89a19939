import { isPercussError, messageOf, PercussError, type ErrorCode } from '../core/errors.js';

/** What an error of the operating system means for who ran the command, and what to do. */
const ofSystem: Readonly<Record<string, readonly [code: ErrorCode, wrong: string, remedy: string]>> = {
  ENOENT: [
    'FILE_MISSING',
    'it, or a folder on the way to it, is not there',
    'check the path, or create the folder first',
  ],
  ENOTDIR: ['FILE_UNUSABLE', 'a part of the path is a file, not a folder', 'name another place'],
  EISDIR: ['FILE_UNUSABLE', 'it is a folder, where a file was expected', 'name a file'],
  EEXIST: ['FILE_UNUSABLE', 'something else is there already', 'name another place, or remove it first'],
  ENOTEMPTY: ['FILE_UNUSABLE', 'the folder is not empty', 'name another place'],
  EACCES: ['FILE_UNUSABLE', 'permission is denied', 'change its permissions, or name another place'],
  EPERM: ['FILE_UNUSABLE', 'the operation is not permitted', 'change its permissions, or name another place'],
  EROFS: ['FILE_UNUSABLE', 'the file system can only be read', 'name a place that can be written'],
  ENOSPC: ['FILE_UNUSABLE', 'no space is left there', 'free space, then run the same command again'],
  EDQUOT: ['FILE_UNUSABLE', 'your quota is used up', 'free space, then run the same command again'],
  EFBIG: ['FILE_UNUSABLE', 'the file would be too large for its file system', 'name another place'],
  ENAMETOOLONG: ['FILE_UNUSABLE', 'the name is too long for the file system', 'give a shorter one'],
  ELOOP: ['FILE_UNUSABLE', 'its symbolic links go round in a circle', 'name what they should lead to'],
  EINVAL: ['FILE_UNUSABLE', 'the file system refuses the path', 'name another place'],
  EBUSY: ['FILE_UNUSABLE', 'another program holds it', 'close that program, then run the same command again'],
  ETXTBSY: ['FILE_UNUSABLE', 'another program holds it', 'close that program, then run the same command again'],
  EIO: ['FILE_UNUSABLE', 'the device reports an error', 'check the disk'],
  ENXIO: ['FILE_UNUSABLE', 'no device or reader is behind it', 'name a regular file'],
  EXDEV: ['FILE_UNUSABLE', 'it would have to move between file systems', 'name a place on one file system'],
  ERR_FS_FILE_TOO_LARGE: ['FILE_UNUSABLE', 'it holds more than can be read at once', 'name a smaller file'],
  EMFILE: [
    'FILE_UNUSABLE',
    'this process has too many files open',
    'raise the limit (ulimit -n), then run the same command again',
  ],
  ENFILE: ['FILE_UNUSABLE', 'this machine has too many files open', 'close programs, then run the same command again'],
  ENOMEM: ['FILE_UNUSABLE', 'the machine has no memory left', 'close programs, then run the same command again'],
  EAGAIN: ['FILE_UNUSABLE', 'the system has too many processes', 'close programs, then run the same command again'],
  EADDRINUSE: [
    'SERVER_UNAVAILABLE',
    'another program listens on that port',
    'end that program, then run the same command again',
  ],
  EADDRNOTAVAIL: ['SERVER_UNAVAILABLE', 'this machine has no such address', 'check its network'],
};

/** Errors of the network, by the beginning of their code's meaning: what was to be reached did not answer. */
const ofNetwork: ReadonlySet<string> = new Set([
  'ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH',
  'EHOSTDOWN', 'ENETDOWN', 'EPROTO', 'UND_ERR_CONNECT_TIMEOUT', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN',
  'CERT_HAS_EXPIRED', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ERR_TLS_CERT_ALTNAME_INVALID',
]); // prettier-ignore

/** Names of what Temporal's client and worker throw; their libraries need not be loaded to know them. */
const ofTemporal = /^(ServiceError|TransportError|WorkflowNotFoundError|NamespaceNotFoundError|QueryNotRegisteredError|QueryRejectedError|IllegalStateError)$/; // prettier-ignore

interface SystemError extends Error {
  readonly code: string;
  readonly path?: string;
  readonly dest?: string;
  readonly syscall?: string;
  readonly hostname?: string;
  readonly address?: string;
  readonly port?: number;
}

const isSystemError = (error: unknown): error is SystemError =>
  error instanceof Error && 'code' in error && typeof error.code === 'string';

/**
 * The border between what happens to this process and what is said of it: errors of file systems, of the network and of
 * Temporal become the user's, with what is wrong, where, and what to do. Anything else comes back as it is: a bug of ours.
 */
export function atBorder(error: unknown): unknown {
  if (isPercussError(error)) return error;
  if (error instanceof AggregateError && error.errors.length > 0) return atBorder(error.errors[0]);
  if (error instanceof Error && ofTemporal.test(error.name)) {
    return new PercussError(
      'TEMPORAL_UNREACHABLE',
      `Temporal could not do what it was asked (${firstLine(error)}): check its address and namespace with percuss doctor`,
      { cause: error },
    );
  }
  if (!isSystemError(error)) return cause(error) ?? error;
  const { code, path, dest } = error;
  const known = Object.hasOwn(ofSystem, code) ? ofSystem[code] : undefined;
  if (known) {
    const [kind, wrong, remedy] = known;
    // What can't be written is usually the destination; what is missing may be either.
    const place = path ?? dest ?? (error.port === undefined ? undefined : `port ${error.port}`);
    const what = place ?? (error.syscall === 'write' ? 'the output' : 'a file');
    return new PercussError(kind, `${what} can't be used: ${wrong} (${code}); ${remedy}`, {
      details: { ...(path === undefined ? {} : { file: path }), reason: code },
      cause: error,
    });
  }
  if (ofNetwork.has(code)) {
    const host = error.hostname ?? error.address;
    return new PercussError(
      'SERVER_UNAVAILABLE',
      `${host === undefined ? 'a server' : `${host}${error.port === undefined ? '' : `:${error.port}`}`} can't be reached (${firstLine(error)}): check address, network and proxy`,
      { details: { reason: code }, cause: error },
    );
  }
  return cause(error) ?? error;
}

/** Some libraries wrap what happened: `fetch failed`, with the reason behind it. */
function cause(error: unknown): PercussError | undefined {
  if (!(error instanceof Error) || error.cause === undefined || error.cause === error) return undefined;
  const inner = atBorder(error.cause);
  return isPercussError(inner) ? inner : undefined;
}

const firstLine = (error: Error): string => messageOf(error).split('\n', 1)[0]?.slice(0, 300) ?? '';
