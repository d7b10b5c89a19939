import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';

export interface S3Settings {
  readonly bucket: string;
  /** Without slashes at its ends; empty: the bucket's top. */
  readonly prefix?: string;
  /** `http://host:port` of a server that isn't AWS; else AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, or the profile. */
  readonly endpoint?: string;
  readonly region?: string;
  /** Further settings of the AWS SDK. */
  readonly client?: S3ClientConfig;
}

export interface S3Connection {
  readonly client: S3Client;
  /** Host and port of the last request's endpoint, for messages. */
  host(): string;
  readonly url: string;
}

/** A client of the AWS SDK, set up for many small requests and for servers other than AWS. */
export function connectS3(settings: S3Settings): S3Connection {
  const { endpoint, region } = settings;
  const client = new S3Client({
    ...(endpoint === undefined ? {} : { endpoint }),
    region: region ?? regionOfEnvironment,
    followRegionRedirects: true,
    maxAttempts: 6,
    requestHandler: {
      connectionTimeout: 5_000,
      socketTimeout: 60_000,
      requestTimeout: 300_000,
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets: 64, keepAlive: true },
      httpsAgent: { maxSockets: 64, keepAlive: true },
    },
    ...settings.client,
  });
  let host = endpoint === undefined ? 'AWS' : new URL(endpoint).host;
  const resolve = client.config.endpointProvider;
  client.config.endpointProvider = (parameters, context) => {
    // Servers other than AWS rarely resolve bucket names as hosts.
    const endpoint = resolve(parameters.Endpoint ? { ...parameters, ForcePathStyle: true } : parameters, context);
    host = endpoint.url.host;
    return endpoint;
  };
  return { client, host: () => host, url: s3Url(settings) };
}

/** URL that `openStore` understands. Holds no credentials. */
export function s3Url({ bucket, prefix, endpoint, region }: S3Settings): string {
  const query = new URLSearchParams();
  if (endpoint !== undefined) query.set('endpoint', endpoint);
  if (region !== undefined) query.set('region', region);
  return `s3://${prefix ? `${bucket}/${prefix}` : bucket}${query.size > 0 ? `?${query.toString()}` : ''}`;
}

/** AWS redirects to a bucket's own region, and other servers take any: a missing region is no reason to stop. */
async function regionOfEnvironment(): Promise<string> {
  const asked = new S3Client({});
  try {
    return await asked.config.region();
  } catch {
    return 'us-east-1';
  } finally {
    asked.destroy();
  }
}
