import { describe, expect, test } from 'vitest';
import { masked, maskedUrl } from '../../core/secrets.js';

/** None of these may be left in what is told. */
const secrets = [
  'hunter2',
  'wJalrXUtnFEMI',
  'K7MDENG',
  'bPxRfiCYEXAMPLEKEY',
  'AKIAIOSFODNN7EXAMPLE',
  'deadbeef',
  'FwoGZXIvYXdzE',
];
const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const id = 'AKIAIOSFODNN7EXAMPLE';

const bare = (text: string): void => {
  for (const one of secrets) expect(text).not.toContain(one);
};

describe('URLs of stores', () => {
  const urls: readonly (readonly [url: string, left: RegExp])[] = [
    [`s3://${id}:${secret}@bucket/prefix`, /^s3:\/\/…@bucket\/prefix$/],
    [`s3://${id}:hunter2@bucket`, /^s3:\/\/…@bucket$/],
    [`S3://user:hunter2@bucket`, /@bucket$/],
    [`s3:/user:hunter2@bucket`, /@bucket$/],
    [`s3:user:hunter2@bucket`, /@bucket$/],
    [`s3:///user:hunter2@bucket`, /@bucket$/],
    [`//user:hunter2@bucket`, /@bucket$/],
    [`user:hunter2@bucket`, /@bucket$/],
    [`s3//user:hunter2@bucket`, /@bucket$/],
    [`s3://hunter2@bucket`, /@bucket$/],
    [`s3://user:hunter2@host@bucket`, /@bucket$/],
    [`s3://bucket?endpoint=http://user:hunter2@host:9000`, /bucket\?endpoint=http:\/\/…@host:9000$/],
    [`s3://bucket?endpoint=http%3A%2F%2Fuser%3Ahunter2%40host`, /bucket\?endpoint=http%3A%2F%2F…%40host$/],
    [`s3://bucket/p?secret=${secret}&region=x`, /^s3:\/\/bucket\/p\?secret=…&region=x$/],
    [`s3://bucket?access_key=${id}&secret_key=hunter2`, /^s3:\/\/bucket\?access_key=…&secret_key=…$/],
    [`s3://bucket?AWSAccessKeyId=${id}&Signature=deadbeef&Expires=1`, /Expires=1$/],
    [
      `https://b.s3.amazonaws.com/k?X-Amz-Credential=${id}%2F2026&X-Amz-Signature=deadbeef&X-Amz-Security-Token=FwoGZXIvYXdzE`,
      /^https:\/\/b\.s3\.amazonaws\.com\/k\?/,
    ],
    [`s3://bucket?token=hunter2#x`, /token=…#x$/],
    [`https://user:hunter2@host/bucket`, /^https:\/\/…@host\/bucket$/],
    [`file://user:hunter2@host/x`, /@host\/x$/],
    [`ftp://user:hunter2@host`, /@host$/],
  ];
  test.each(urls)('%s', (url, left) => {
    bare(maskedUrl(url));
    expect(maskedUrl(url)).toMatch(left);
  });

  test.each([
    's3://bucket/prefix?endpoint=http://localhost:9000&region=eu-1',
    'file:/home/me/.percuss',
    '.percuss',
    'memory:',
    'C:\\stores\\a',
  ])('without secrets stay: %s', (url) => {
    expect(maskedUrl(url)).toBe(url);
    expect(masked(url)).toBe(url);
  });
});

describe('sentences', () => {
  test.each([
    `the store s3://${id}:${secret}@bucket failed, see https://user:hunter2@host/x`,
    `{"url":"s3://user:hunter2@bucket","endpoint":"http://user:hunter2@host"}`,
    `AWS_SECRET_ACCESS_KEY=${secret} AWS_ACCESS_KEY_ID=${id} percuss run`,
    `TEMPORAL_API_KEY="hunter2 hunter2"`,
    `Authorization: AWS4-HMAC-SHA256 Credential=${id}/20261130/x/s3/aws4_request, SignedHeaders=host, Signature=deadbeef`,
    `{"authorization": "Bearer hunter2hunter2", "x-amz-security-token": "FwoGZXIvYXdzE"}`,
    `authorization=Basic hunter2`,
    `x-amz-security-token: FwoGZXIvYXdzE`,
    `The AWS Access Key Id you provided (${id}) does not exist`,
    `GET /k?X-Amz-Signature=deadbeef&X-Amz-Credential=${id} 403`,
  ])('%s', (text) => bare(masked(text)));

  test.each([
    'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE',
    'write to someone@example.org, or to the key owner',
    'keys: study, seed; token ring, signature of 3x3',
    'SELECT model FROM models WHERE key = 1',
    'Basic blocks of resnet20',
    'layer1.0.conv1:0 at 3:4@5',
    'percuss@0.1.0 with @temporalio/worker@1.24',
  ])('without secrets stay: %s', (text) => expect(masked(text)).toBe(text));

  test('lose what is known to be secret, wherever it stands, also encoded', () => {
    expect(masked(`a ${secret} b ${encodeURIComponent(secret)} c`, [secret, 'a'])).toBe('a … b … c');
  });

  test.each([
    'http://host/?token=hunter2hunter2',
    'https://host/#access_token=hunter2hunter2',
    'https%3A%2F%2Fhost%2F%23access_token%3Dhunter2hunter2',
    's3://bucket/p?X-Amz-Signature=hunter2hunter2',
    'AWS_SECRET_ACCESS_KEY=hunter2hunter2',
    'AWS_SECRET_ACCESS_KEY="hunter2 hunter2"',
    'Authorization: "hunter2"',
    '{"x-api-key":"hunter2"}',
    'Authorization: Bearer hunter2hunter2',
    'x-amz-security-token: hunter2hunter2',
    'https://h/?token=hunter2hunter2\\',
  ])('in %s are masked in text that is JSON already, which stays JSON', (secret) => {
    for (const message of [secret, `"${secret}"`, `'${secret}'`, `a "${secret}", and\nmore`]) {
      const told = masked(JSON.stringify({ message }));
      expect(told).not.toContain('hunter2');
      expect(typeof (JSON.parse(told) as { message: unknown }).message).toBe('string');
    }
  });

  test('of any length are looked through in no time', () => {
    for (const text of [
      's3://'.repeat(20_000),
      '?a='.repeat(30_000),
      `?token=${'\\\\'.repeat(50_000)}`,
      '%3A%2F%2F'.repeat(10_000),
      'A'.repeat(100_000),
      '@'.repeat(100_000),
      `x://${'a@'.repeat(30_000)}`,
      `${'AKEY'.repeat(25_000)}`,
    ]) {
      const started = performance.now();
      masked(text);
      maskedUrl(text);
      expect(performance.now() - started).toBeLessThan(2_000);
    }
  });
});
