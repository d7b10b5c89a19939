import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { Ledger } from '../../../core/ledger/ledger.js';
import { printNumericMode, type NumericMode } from '../../../core/numeric-mode.js';
import type { RunSpec } from '../../../core/spec/study-spec.js';
import { memoryStore } from '../../../core/store/memory-store.js';
import {
  candidateModes,
  choiceLines,
  decideMode,
  fastestMode,
  MARGIN,
  type ModeChoice,
  type ModeMeasurement,
  type ModeScout,
} from '../../../core/study/preparing/choose-mode.js';
import { readModelFiles } from '../../../core/study/preparing/resolve-study.js';
import { prepareStudy } from '../../../core/study/preparing/prepare-study.js';
import { modeScout } from '../../../workers/mode-scout.js';
import { tinySpec } from '../../cli/percuss.js';
import { hasSharedData } from '../../builders/shared-data.js';

const mode = (engine: NumericMode['engine'], device: NumericMode['device']): NumericMode => ({
  engine,
  precision: 'float32',
  device,
});
const cpu = mode('onnxruntime', 'cpu');
const cuda = mode('onnxruntime', 'cuda');
const native = mode('tfjs', 'cpu');
const auto = { engine: 'auto', device: 'auto' } as const;

const measurement = (of: NumericMode, rates: readonly number[], processes = 1): ModeMeasurement => ({
  mode: of,
  provenance: { engine: of.engine, version: '1', device: of.device, processor: 'x64' },
  processes,
  networks: rates.map((imagesPerSecond, i) => ({ name: `network ${i}`, imagesPerSecond })),
});

/** A machine that has some modes, so fast on every network, and what was asked of it. */
function machine(rates: ReadonlyMap<NumericMode, number>): ModeScout & { readonly asked: string[] } {
  const asked: string[] = [];
  const rateOf = (of: NumericMode): number | undefined =>
    [...rates].find(([known]) => printNumericMode(known) === printNumericMode(of))?.[1];
  return {
    asked,
    usable: (modes) => {
      asked.push(`usable ${modes.length}`);
      return Promise.resolve(modes.filter((of) => rateOf(of) !== undefined));
    },
    measure: (of, networks) => {
      asked.push(`measure ${printNumericMode(of)}`);
      const imagesPerSecond = rateOf(of) ?? 0;
      const times = networks.map(({ name }) => ({ name, imagesPerSecond }));
      return Promise.resolve(imagesPerSecond > 0 ? { ...measurement(of, []), networks: times } : undefined);
    },
  };
}

const decide = (run: Pick<RunSpec, 'engine' | 'device'>, scout: ModeScout) =>
  decideMode(run, () => [{ name: 'network', format: 'onnx', files: new Map() }], scout);

describe('auto', () => {
  test('may become every engine and device but the reference; plain JavaScript and WASM come last', () => {
    const { first, last } = candidateModes(auto);
    expect(first.map(printNumericMode)).toEqual([
      'onnxruntime-float32-cpu',
      'onnxruntime-float32-cuda',
      'onnxruntime-float32-tensorrt',
      'onnxruntime-float32-webgpu',
      'tfjs-float32-cpu',
      'tfjs-float32-cuda',
    ]);
    expect(last.map(printNumericMode)).toEqual(['tfjs-float32-wasm', 'tfjs-float32-js']);
    expect(candidateModes({ engine: 'auto', device: 'wasm' }).first.map(printNumericMode)).toEqual([
      'tfjs-float32-wasm',
    ]);
  });

  test('is not tried where the spec names engine and device, and not measured where only one can be opened', async () => {
    const scout = machine(new Map([[cpu, 100]]));
    expect(await decide({ engine: 'onnxruntime', device: 'cuda' }, scout)).toEqual({ mode: cuda });
    expect(scout.asked).toEqual([]);
    expect(await decide(auto, scout)).toEqual({ mode: cpu });
    expect(scout.asked).toEqual(['usable 6']);
  });

  test('becomes WASM where nothing else can be opened, and what is usual where nothing can', async () => {
    const wasm = mode('tfjs', 'wasm');
    expect(await decide(auto, machine(new Map([[wasm, 5]])))).toEqual({ mode: wasm });
    expect(await decide(auto, machine(new Map()))).toEqual({ mode: cpu });
  });

  test('becomes another than the usual one only where that is clearly faster', async () => {
    const little = await decide(auto, machine(new Map([[cpu, 100], [cuda, 99 * MARGIN]]))); // prettier-ignore
    expect(little.mode).toEqual(cpu);
    const clear = await decide(auto, machine(new Map([[cpu, 100], [cuda, 101 * MARGIN], [native, 90]]))); // prettier-ignore
    expect(clear.choice).toMatchObject({ chosen: cuda, measured: [{ mode: cpu }, { mode: cuda }, { mode: native }] });
    const failing = await decide(auto, machine(new Map([[cpu, 100], [cuda, 0]]))); // prettier-ignore
    expect(failing.choice?.measured).toHaveLength(1);
  });

  test('of two near each other, both far from the usual one, the earlier one; a near tie with the usual one leaves it, and is said', async () => {
    expect(fastestMode([measurement(cpu, [100]), measurement(cuda, [300]), measurement(native, [330])])).toEqual(cuda);
    expect(fastestMode([measurement(cpu, [100]), measurement(cuda, [300]), measurement(native, [400])])).toEqual(
      native,
    );
    const tie = await decide(auto, machine(new Map([[cpu, 100], [native, 110], [cuda, 30]]))); // prettier-ignore
    expect(tie.mode).toEqual(cpu);
    expect(choiceLines(tie.choice as ModeChoice).at(-1)).toMatch(
      /near tie with tfjs-float32-cpu: onnxruntime-float32-cpu is taken, and stays/,
    );
    const clear = await decide(auto, machine(new Map([[cpu, 100], [native, 10]]))); // prettier-ignore
    expect(choiceLines(clear.choice as ModeChoice).join()).not.toContain('near tie');
  });

  test('leaves the usual one only if that is slow twice', async () => {
    const scout = machine(new Map([[cpu, 100], [cuda, 150]])); // prettier-ignore
    let disturbed = true;
    const once: ModeScout = {
      ...scout,
      measure: async (of, networks) => {
        const found = await scout.measure(of, networks);
        if (!found || of.device !== 'cpu') return found;
        const rate = disturbed ? 100 : 140;
        disturbed = false;
        return { ...found, networks: found.networks.map(({ name }) => ({ name, imagesPerSecond: rate })) };
      },
    };
    const { choice } = await decide(auto, once);
    expect(choice).toMatchObject({ chosen: cpu, measured: [{ networks: [{ imagesPerSecond: 140 }] }, {}] });
  });

  test('weighs whole machines and the time over all networks', () => {
    // 8 processes on cores against one on a device that all share.
    expect(fastestMode([measurement(cpu, [100], 8), measurement(cuda, [500])])).toEqual(cpu);
    // 1/1000 + 1/10 seconds an image against 1/500 + 1/20.
    expect(fastestMode([measurement(cpu, [1000, 10]), measurement(cuda, [500, 20])])).toEqual(cuda);
  });
});

test('engines that are here are found and measured in processes of their own', async () => {
  const scout = modeScout({ entry: fileURLToPath(new URL('../../../dist/workers/engine-child.js', import.meta.url)) });
  expect(await scout.usable([cuda, mode('reference', 'cpu'), cpu])).toEqual(
    expect.arrayContaining([mode('reference', 'cpu'), cpu]),
  );
  const { format, files } = await readModelFiles('experiments/zoo/narrow/model.json');
  const found = await scout.measure(cpu, [{ name: 'narrow', format, files }]);
  expect(found).toMatchObject({ mode: cpu, provenance: { engine: 'onnxruntime' }, networks: [{ name: 'narrow' }] });
  expect(found?.networks[0]?.imagesPerSecond).toBeGreaterThan(0);
});

describe.skipIf(!hasSharedData)('a study', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'percuss-mode-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const specFile = (run: string, name = 'chosen'): string => {
    const file = path.join(folder, 'spec.yaml');
    writeFileSync(file, tinySpec(name, { run, images: 12 }));
    return file;
  };

  test('of a store adopts what another decided there on such a machine, and not what one decided elsewhere', async () => {
    const ledger = new Ledger(memoryStore());
    const noisy = (onnx: number, tf: number) => machine(new Map([[cpu, onnx], [native, tf]])); // prettier-ignore
    const first = await prepareStudy(specFile('{}', 'first'), ledger, { scout: noisy(100, 120) });
    expect(first.ref.mode).toEqual(cpu);
    // The same machine on another day.
    const later = noisy(100, 130);
    const second = await prepareStudy(specFile('{}', 'second'), ledger, { scout: later });
    expect([second.ref.mode, later.asked]).toEqual([cpu, ['usable 6']]);
    expect(second.notices.join()).toContain('near tie with tfjs-float32-cpu');
    // One that opens more is of another kind, and so is a store of its own.
    const other = machine(new Map([[cpu, 100], [cuda, 900], [native, 130]])); // prettier-ignore
    expect((await prepareStudy(specFile('{}', 'third'), ledger, { scout: other })).ref.mode).toEqual(cuda);
    const elsewhere = await prepareStudy(specFile('{}', 'second'), new Ledger(memoryStore()), {
      scout: noisy(100, 130),
    });
    expect(elsewhere.ref.mode).toEqual(native);
  });

  test('does not adopt a mode that fails on its networks', async () => {
    const ledger = new Ledger(memoryStore());
    const able = machine(new Map([[cpu, 100], [native, 900]])); // prettier-ignore
    expect((await prepareStudy(specFile('{}', 'first'), ledger, { scout: able })).ref.mode).toEqual(native);
    const failing: ModeScout = {
      ...able,
      measure: async (of, networks) => (of.engine === 'tfjs' ? undefined : able.measure(of, networks)),
    };
    expect((await prepareStudy(specFile('{}', 'second'), ledger, { scout: failing })).ref.mode).toEqual(cpu);
    expect((await prepareStudy(specFile('{}', 'third'), ledger, { scout: able })).ref.mode).toEqual(native);
  });

  test('is measured once; what was chosen is kept with it and stands', async () => {
    const ledger = new Ledger(memoryStore());
    const fast = machine(new Map([[cpu, 100], [native, 1000]])); // prettier-ignore
    const first = await prepareStudy(specFile('{}'), ledger, { scout: fast });
    expect(first.ref.mode).toEqual(native);
    expect(first.notices.join('\n')).toMatch(/auto became tfjs-float32-cpu[^]*tutorial 1000 images\/s/);
    expect(await ledger.getDecision(first.ref.id, 'choice')).toMatchObject({ chosen: native });

    const other = machine(new Map([[cpu, 1000], [native, 1]])); // prettier-ignore
    const again = await prepareStudy(specFile('{}'), ledger, { scout: other });
    expect([again.ref.mode, other.asked]).toEqual([native, []]);
    const asking = await prepareStudy(specFile('{ engine: onnxruntime, device: cpu }'), ledger, { scout: other });
    expect(asking.ref.mode).toEqual(native);
    expect(asking.notices.join()).toMatch(/computes on tfjs-float32-cpu, with which the study was first stored/);
  });
});
