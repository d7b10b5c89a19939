import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  isGrpcServiceError,
  makeGrpcRetryInterceptor,
  NamespaceNotFoundError,
} from '@temporalio/client';
import type { ConnectionOptions } from '@temporalio/client';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { PercussError, messageOf } from '../core/errors.js';

/** Where a Temporal is, with everything needed to reach it. Never logged or stored: it may hold credentials. */
export interface TemporalAddress {
  readonly address: string;
  readonly namespace: string;
  /** TLS, API key and metadata, as `@temporalio/envconfig` gives them. */
  readonly options?: NativeConnectionOptions;
}

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type CallOptions = Parameters<Interceptor>[0];
type NextCall = Parameters<Interceptor>[1];
type Call = ReturnType<NextCall>;

/**
 * A retry of Temporal's client comes out of a timer, and throws there where the connection was closed meanwhile: nobody could
 * catch it, and the process would end. Such a call ends as a cancelled one instead, to the one who asked.
 */
const endedWhereClosed = ((options: CallOptions, nextCall: NextCall): Call => {
  try {
    return nextCall(options);
  } catch (error) {
    const ended = { code: 1, details: messageOf(error) };
    return {
      start: (metadata, listener) => listener?.onReceiveStatus?.({ ...ended, metadata }),
      cancelWithStatus: () => undefined,
      getPeer: () => '',
      getAuthContext: () => null,
      sendMessageWithContext: () => undefined,
      sendMessage: () => undefined,
      startRead: () => undefined,
      halfClose: () => undefined,
    };
  }
  // Declared is a class with private members; what makes calls uses its interface.
}) as Interceptor;

/** A client that is connected to a namespace that is there. @throws PercussError TEMPORAL_UNREACHABLE, NOT_FOUND. */
export async function connectClient(temporal: TemporalAddress): Promise<Client> {
  try {
    const options: ConnectionOptions = {
      ...temporal.options,
      address: temporal.address,
      connectTimeout: '10s',
      interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), endedWhereClosed],
    };
    const connection = await Connection.connect(options);
    try {
      await checkNamespace(connection, temporal.namespace);
      return new Client({ connection, namespace: temporal.namespace });
    } catch (error) {
      await connection.close();
      throw error;
    }
  } catch (error) {
    throw unreachable(temporal, error);
  }
}

/** An unknown namespace is told at once; whoever may not describe it may still be allowed to use it. */
async function checkNamespace(connection: Connection, namespace: string): Promise<void> {
  try {
    await connection.withDeadline(Date.now() + 10_000, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } catch (error) {
    if (grpcCode(error) !== 7) throw error;
  }
}

/** What happened between us and that Temporal, as our own error: what is wrong there, and what to do. */
export function unreachable(
  { address, namespace }: Pick<TemporalAddress, 'address' | 'namespace'>,
  error: unknown,
): PercussError {
  if (error instanceof PercussError) return error;
  const details = { address, namespace };
  const reason = messageOf(error).split('\n', 1)[0]?.slice(0, 200);
  if (isUnknownNamespace(error)) {
    return new PercussError(
      'NOT_FOUND',
      `Temporal at ${address} has no namespace ${namespace}: create it (temporal operator namespace create ${namespace}), or name another in your profile or TEMPORAL_NAMESPACE`,
      { details, cause: error },
    );
  }
  const code = grpcCode(error);
  const [wrong, remedy] =
    code === 7 || code === 16
      ? ['refuses us', 'check the API key or certificate of your profile (percuss doctor shows where it comes from)']
      : code === 12 || code === 3
        ? ['is no Temporal that we know how to talk to', 'check the address; Temporal’s gRPC port is usually 7233']
        : ['does not answer', 'check the address, the network, and whether TLS is on at one end only'];
  return new PercussError(
    'TEMPORAL_UNREACHABLE',
    code === undefined || code === 14 || code === 4
      ? `no Temporal answers at ${address} (namespace ${namespace}; ${reason}): ${remedy}; percuss run brings its own`
      : `what is at ${address} ${wrong} (namespace ${namespace}; ${reason}): ${remedy}`,
    { details, cause: error },
  );
}

/** The gRPC status of an error, or of what caused it. */
function grpcCode(error: unknown): number | undefined {
  if (isGrpcServiceError(error)) return error.code;
  return error instanceof Error && isGrpcServiceError(error.cause) ? error.cause.code : undefined;
}

export function isUnknownNamespace(error: unknown): boolean {
  if (error instanceof NamespaceNotFoundError) return true;
  return grpcCode(error) === 5 && /namespace/i.test(messageOf(error));
}
