import { afterAll, describe, expect, test } from 'vitest';
import { answer, cellFiles, committedUnits, temporalServer, tinySpec, until, Workplace } from './percuss.js';
import type { Failure } from '../../cli/exit.js';
import type { RunAnswer } from './percuss.js';
import { hasSharedData } from '../builders/shared-data.js';

if (!hasSharedData) console.warn('Ctrl-C is not tested: ../shared/data is absent');

describe.skipIf(!hasSharedData || process.platform !== 'linux')('Ctrl-C', { timeout: 600_000 }, () => {
  const place = new Workplace();
  afterAll(() => place.close());

  test.each([
    ['run', []],
    ['baseline', []],
  ])('while %s still reads the spec says how to go on, and has computed nothing', async (verb, options) => {
    const spec = place.spec(`early-${verb}`, tinySpec('early', { images: 500 }));
    const store = place.path(`early-${verb}`);
    const run = place.start([verb, spec, ...options, '--store', store, '--json']);
    await until(() => run.said().includes('prepare: '), run);
    process.kill(-(run.child.pid ?? 0), 'SIGINT');
    const ended = await run.ended;
    expect(ended.code, ended.stderr).toBe(130);
    expect(ended.stderr).toContain(`go on with: percuss ${verb} ${spec} --store ${store} --json\n`);
    expect(ended.stderr).not.toMatch(/^\s+at /m);
    expect(answer<Failure>(ended)).toMatchObject({ code: 'CANCELLED', exit: 130 });
    expect(cellFiles(store)).toEqual([]);
    expect(await place.deserted()).toEqual([]);
  });

  test('while a server starts leaves none', async () => {
    const run = place.start(['server', 'start', '--json']);
    await until(() => place.relatives(temporalServer).length > 0, run);
    process.kill(-(run.child.pid ?? 0), 'SIGINT');
    const ended = await run.ended;
    expect([ended.code, answer<Failure>(ended).code]).toEqual([130, 'CANCELLED']);
    expect(await place.deserted()).toEqual([]);
  });

  test.each([
    ['in process', ['--in-process']],
    ['with Temporal', []],
  ])('ends a run %s with 130, says how to go on, and leaves no process; resume completes it', async (_, options) => {
    const name = options.length > 0 ? 'alone' : 'served';
    const spec = place.spec(name, tinySpec(name));
    const common = [...options, '--store', place.path(name), '--json'];
    const run = place.start(['run', spec, ...common]);
    await until(() => cellFiles(place.path(name)).length > 4, run);
    // To the whole group, as a terminal does: children must leave it to percuss to stop cleanly.
    process.kill(-(run.child.pid ?? 0), 'SIGINT');
    const ended = await run.ended;
    expect(ended.code, ended.stderr).toBe(130);
    expect(ended.stderr).toContain(`go on with: percuss run ${spec} ${common.join(' ')}\n`);
    expect(ended.stderr).not.toMatch(/^\s+at /m);
    expect(await place.deserted()).toEqual([]);
    const before = committedUnits(place.path(name)).length;
    const resumed = await place.run(['resume', spec, '--in-process', '--store', place.path(name), '--json']);
    expect(resumed.code, resumed.stderr).toBe(0);
    const { computed, reused, failed } = answer<RunAnswer>(resumed);
    expect([reused, failed]).toEqual([before, 0]);
    expect(computed).toBeGreaterThan(0);
    expect(committedUnits(place.path(name))).toHaveLength(computed + reused);
  });
});
