import { PercussError, messageOf } from '../errors.js';
import { masked } from '../secrets.js';

export interface S3Place {
  readonly bucket: string;
  /** Host and port, as far as known. */
  readonly host: string;
}

/** The HTTP status of an error of the AWS SDK. */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined;
  const metadata = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}

/** The error code of S3, or the name of a client-side error. */
export function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return error.name === 'Error' ? code : error.name;
}

/**
 * What S3, the network or the SDK refused, in a sentence that names bucket and host. The SDK's error is not kept as the
 * cause: it leads to the request, whose headers are signed.
 */
export function s3Failure(error: unknown, place: S3Place): PercussError {
  if (error instanceof PercussError) return error;
  const details = { bucket: place.bucket, host: place.host, name: nameOf(error), status: statusOf(error) ?? null };
  const where = `S3 at ${place.host}`;
  return new PercussError('STORE_UNREACHABLE', sentence(error, place.bucket, where), { details });
}

function sentence(error: unknown, bucket: string, where: string): string {
  const name = nameOf(error);
  const status = statusOf(error);
  const text = masked(messageOf(error).split('\n')[0] ?? '').slice(0, 200);
  if (name === 'NoSuchBucket') {
    return `${where} has no bucket ${bucket}: create it, or correct --store`;
  }
  if (/credential/i.test(name) || /could not load credentials/i.test(text)) {
    return `no usable AWS credentials for bucket ${bucket} at ${where} (${text}): set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE`;
  }
  if (/^(InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken)$/.test(name)) {
    return `${where} doesn't accept the credentials for bucket ${bucket} (${name}): check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN or AWS_PROFILE`;
  }
  if (status === 401 || status === 403) {
    return `${where} denies access to bucket ${bucket} (${name}): check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY or AWS_PROFILE; they need s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket`;
  }
  if (status === 301 || name === 'PermanentRedirect') {
    return `bucket ${bucket} is in another region than the one asked at ${where}: set AWS_REGION, or ?region= in the store's URL`;
  }
  if (status === undefined) {
    return `${where} can't be reached for bucket ${bucket} (${text || name}): check that it runs, the endpoint, and the network`;
  }
  return `${where} failed on bucket ${bucket} (${status} ${name}: ${text}): try again, and look into the server's log if it persists`;
}
