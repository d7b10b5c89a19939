import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { writeNpy } from '../../bench/npy-file.js';
import { knownDoubts, watchDoubts } from '../../cli/doubts.js';
import type { Failure } from '../../cli/exit.js';
import { openReading, type Session } from '../../cli/session.js';
import type { Standing } from '../../cli/standing.js';
import { findStudy } from '../../cli/study-name.js';
import { answer, Workplace } from './percuss.js';

const network = fileURLToPath(new URL('../study/fixtures/networks/softmaxed.onnx', import.meta.url));

/** A network that ends in a softmax, on noise with labels that it knows nothing of. */
const specOf = (kind: string): string => `version: 1
study: ${kind}
data: { test: { format: npy, files: x.npy, labels: y.npy } }
models:
  net:
    file: ${JSON.stringify(network)}
    data: test
    input: { divide: 255 }
    output:
      kind: ${kind}
ablations: { each: { unit: layer, mode: each } }
run: { engine: reference, device: cpu, workers: 1 }
`;

describe('intact networks that are not what they should be', { timeout: 120_000 }, () => {
  const place = new Workplace();
  const chance = /^net is right on .* of 12 images of test, which chance explains/;
  let spec: (kind: string) => string;
  let session: Session;

  beforeAll(() => {
    const pixels = Uint8Array.from({ length: 12 * 3 * 81 }, (_, i) => (i * 7919) % 256);
    writeFileSync(place.path('x.npy'), writeNpy({ dtype: 'uint8', shape: [12, 3, 9, 9], data: pixels }));
    const labels = Uint8Array.from({ length: 12 }, (_, i) => i % 5);
    writeFileSync(place.path('y.npy'), writeNpy({ dtype: 'uint8', shape: [12], data: labels }));
    spec = (kind) => place.spec(kind, specOf(kind));
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(async () => {
    await session?.close();
    place.close();
  });

  test.each([
    ['baseline', []],
    ['run', ['--in-process']],
  ])('%s refuses a wrong output.kind at its line of the spec', async (verb, more) => {
    const file = spec('logits');
    const ended = await place.run([verb, file, ...more, '--json']);
    const failure = answer<Failure>(ended);
    expect(failure, ended.stderr).toMatchObject({ code: 'SPEC_INVALID', exit: 2, file, line: 10, column: 13 });
    expect(failure.message).toMatch(/:10:13: models\.net\.output\.kind: the outputs are read as logits, but/);
    expect(failure.message).toContain('10 |       kind: logits');
  });

  test('status warns of accuracy that chance explains, as run did, for people and for programs', async () => {
    const ran = await place.run(['run', spec('probabilities'), '--in-process', '--json']);
    expect(ran.code, ran.stderr).toBe(0);
    const { warnings } = answer<{ warnings: string[] }>(ran);
    expect(warnings).toEqual([expect.stringMatching(chance)]);
    const status = await place.run(['status', 'probabilities', '--json']);
    expect(answer<Standing>(status)).toMatchObject({ state: 'complete', warnings });
    expect((await place.run(['status', 'probabilities'])).stdout).toContain(`\nWARNING ${warnings[0]}\n`);
    // The one whose outputs were refused has no intact answers to doubt.
    expect(answer<Standing>(await place.run(['status', 'logits', '--json']))).toMatchObject({ warnings: [] });
  });

  test('watch warns once, on standard error, when the first stage is over', async () => {
    session = await openReading({ store: `file:${place.path('.percuss')}` });
    const said: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
    const onStage = watchDoubts(session, await findStudy(session.ledger, 'probabilities'));
    await onStage(0);
    expect(said).toEqual([]);
    await onStage(1);
    await onStage(2);
    expect(said).toEqual([expect.stringMatching(/^WARNING net is right on .*which chance explains.*\n$/)]);
  });

  test('where the store cannot be read there is no warning, and that is said', async () => {
    const { id } = await findStudy(session.ledger, 'probabilities');
    expect(await knownDoubts(session, { id, unreachable: 's3://absent cannot be reached' })).toEqual({
      warnings: [],
      unread: 's3://absent cannot be reached',
    });
    const unknown = await knownDoubts(session, { id: '0'.repeat(64) });
    expect(unknown.warnings).toEqual([]);
    expect(unknown.unread).toMatch(/^whether the intact networks are what they should be: .*never stored whole/);
  });
});
