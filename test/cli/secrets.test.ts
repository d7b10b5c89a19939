import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Workplace } from './percuss.js';

const id = 'AKIAIOSFODNN7EXAMPLE';
const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const environment = {
  AWS_ACCESS_KEY_ID: id,
  AWS_SECRET_ACCESS_KEY: secret,
  AWS_SESSION_TOKEN: 'FwoGZXIvYXdzEExampleToken',
  TEMPORAL_API_KEY: 'hunter2-of-temporal',
};

describe('secrets are not told', { timeout: 120_000 }, () => {
  const place = new Workplace(environment);
  afterAll(() => place.close());
  beforeAll(() => {
    place.spec(
      'secret',
      `version: 1\nstudy: x\nmodels:\n  m: { file: "s3://${id}:${secret}@bucket/m.onnx", data: d, reference: d }\n`,
    );
    place.spec(
      'signed',
      `version: 1\nstudy: x\nmodels:\n  m: { file: "s3://bucket/m.onnx?X-Amz-Signature=hunter2", data: d, reference: d }\n`,
    );
  });

  const cases: readonly (readonly [why: string, args: readonly string[]])[] = [
    ['user and password', ['list', '--store', `s3://${id}:${secret}@bucket/x`]],
    ['user and password', ['report', 'x', '--store', `s3://${id}:hunter2@bucket`, '--json']],
    ['one slash', ['query', 'x', 'SELECT 1', '--store', `s3:/${id}:hunter2@bucket`]],
    ['no slash', ['status', 'x', '--store', `s3:${id}:hunter2@bucket`]],
    ['no scheme', ['watch', 'x', '--store', `${id}:hunter2@bucket`]],
    ['another scheme', ['cancel', 'x', '--store', `https://user:hunter2@host/bucket`]],
    ['a parameter', ['pause', 'x', '--store', `s3://bucket?secret=hunter2`, '--json']],
    ['a signed URL', ['resume', 'x', '--store', `https://b.example/k?X-Amz-Signature=hunter2&X-Amz-Credential=${id}`]],
    ['an endpoint', ['worker', '--engine', 'reference', '--store', `s3://bucket?endpoint=http://user:hunter2@host`]],
    [
      'an encoded endpoint',
      ['submit', 'secret.yaml', '--store', `s3://bucket?endpoint=http%3A%2F%2Fuser%3Ahunter2%40host`],
    ],
    ['a folder that looks like one', ['list', '--store', `file:./x?token=hunter2`]],
    ['a server that is not there', ['list', '--store', 's3://bucket?endpoint=http://127.0.0.1:9']],
    ['a server that is not there', ['list', '--json', '--store', 's3://bucket?endpoint=http://127.0.0.1:9']],
    ['a spec', ['validate', 'secret.yaml']],
    ['a spec', ['validate', 'secret.yaml', '--json']],
    ['a signed URL in a spec', ['run', 'signed.yaml', '--in-process']],
    ['the API key of Temporal', ['status', 'hunter2-of-temporal']],
  ];

  test.each(cases)('in %s: %j', async (_, args) => {
    const { code, stdout, stderr } = await place.run(args);
    expect(stdout + stderr).not.toMatch(/hunter2|wJalr|K7MDENG|AKIAIOSF|FwoGZX/);
    expect([0, 2, 4], stderr).toContain(code);
    expect((stdout + stderr).length).toBeGreaterThan(0);
  });
});
