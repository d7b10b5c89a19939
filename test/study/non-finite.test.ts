import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { writeNpy } from '../../bench/npy-file.js';
import { randomStream } from '../../core/random.js';
import type { AblationRow, CurveRow } from '../../core/tables/schema.js';
import { float32, tensor } from '../../core/tensor.js';
import {
  CLASSES,
  headedNetwork,
  heads,
  KERNELS,
  networkFile,
  outputsOf,
  type Head,
  type HeadedNetwork,
} from './headed-network.js';
import { runYaml, writeInputs, type RanStudy } from './yaml-study.js';

const fixtures = fileURLToPath(new URL('./fixtures/non-finite', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'percuss-non-finite-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What is said and drawn of outputs that are not finite. */
const noNumbers = /NaN|Infinity|undefined/;

describe('a network that divides by its own length, without all of a layer', () => {
  const lost = { images: 60, correct: 0, accuracy: 0, kl: null, delta_loss: null, non_finite: 60, state: 'ok' };

  test.each([
    ['spec.yaml', [1, 1]],
    ['spec2.yaml', [0.25, 0.5, 1, 0.25, 0.5, 1]],
    ['spec3.yaml', [0.25, 0.25, 0.25, 0.5, 0.5, 0.5, 1, 1, 1]],
    ['spec4.yaml', [1, 1]],
  ])('%s ends with every row, and a report that says what is missing', async (file, removed) => {
    const { result, tables, report, summary } = await runYaml(path.join(fixtures, file), {
      tables: ['ablations', 'curves', 'layers', 'models'],
    });
    expect(result.failed).toBe(0);
    expect(tables.ablations).toHaveLength(removed.length);
    const whole = tables.ablations.filter((_, i) => removed[i] === 1);
    for (const row of whole) expect(row).toMatchObject({ ...lost, flips: 1, accuracy_low: 0, kl_low: null });
    for (const row of tables.ablations.filter((_, i) => removed[i] !== 1)) {
      expect(row).toMatchObject({ non_finite: 0, kl: expect.any(Number) as number });
    }
    expect(summary.nonFinite).toEqual({ conditions: whole.length, images: 60 * whole.length });
    expect(summary.findings.join(' ')).toContain(
      `Outputs are not finite in ${whole.length} conditions of ${removed.length}`,
    );
    expect(report.replace(/data:[^"]*/g, '')).not.toMatch(noNumbers);
    if (tables.curves.length > 0) {
      // Relative accuracy falls to 0 at fraction 1: where it was before is what the rows say.
      expect(tables.curves.at(-1)).toMatchObject({ fraction: 1, accuracy: 0, kl: null });
      expect(report).toContain('outputs that are not finite: counted as wrong, without KL');
    }
  });

  test('layers keep their row, with accuracy 0 and no KL', async () => {
    const { tables } = await runYaml(path.join(fixtures, 'spec.yaml'));
    expect(tables.layers.map(({ layer_kl, layer_accuracy }) => [layer_kl, layer_accuracy])).toEqual([
      [null, 0],
      [null, 0],
    ]);
  });
});

test('a gated network that divides by its length keeps a row for each layer, without numbers where all of one is gone', async () => {
  const random_ = randomStream(4, 'gated images');
  const gated = Array.from({ length: 20 }, () => Float32Array.from({ length: 243 }, () => random_.uniform()));
  const network = readFileSync(fileURLToPath(new URL('./fixtures/networks/l2norm_head.onnx', import.meta.url)));
  writeInputs(
    folder,
    network,
    gated,
    [3, 9, 9],
    gated.map((_, i) => i % 4),
  );
  const file = path.join(folder, 'gated.yaml');
  writeFileSync(file, study('  layers: { mode: each, unit: layer, layers: "*" }'));
  const { tables, result } = await runYaml(file);
  expect(result.failed).toBe(0);
  // x / ‖x‖ is 0 / 0 where nothing reaches the last layer.
  expect(tables.ablations.map((row) => [row.channels, row.non_finite, row.correct, row.kl])).toEqual([
    ['c1', 0, expect.any(Number), expect.any(Number)],
    ['c2', 20, 0, null],
  ]);
});

/** Whatever the order of the study's data, tests look at the images in the file's. */
const random = randomStream(3, 'headed images');
const IMAGES = 260;
const images = Array.from({ length: IMAGES }, () => Float32Array.from({ length: 12 }, () => random.uniform()));
const labels = images.map((_, i) => i % CLASSES);

const study = (ablations: string): string => `version: 1
study: headed
seed: 5
data: { test: { format: npy, files: x.npy, labels: y.npy, order: file } }
models: { net: { file: net.onnx, data: test, reference: test, output: { kind: logits } } }
ablations:
${ablations}
run: { engine: onnxruntime }
`;

function write(head: Head, ablations: string): string {
  writeInputs(folder, networkFile(headedNetwork(head)), images, [3, 2, 2], labels);
  const file = path.join(folder, 'study.yaml');
  writeFileSync(file, study(ablations));
  return file;
}

/** What a condition filled with zeros must come to, from the weights alone. */
function expected(network: HeadedNetwork, removed: ReadonlySet<string>) {
  let [correct, lost, total] = [0, 0, 0];
  images.forEach((image, i) => {
    const [intact, lesioned] = [outputsOf(network, image, new Set()), outputsOf(network, image, removed)];
    if (!lesioned.every(Number.isFinite)) return void (lost += 1);
    if (lesioned.indexOf(Math.max(...lesioned)) === labels[i]) correct += 1;
    const [p, q] = [intact, lesioned].map((z) => {
      const top = Math.max(...z);
      const norm = top + Math.log(z.reduce((sum, x) => sum + Math.exp(x - top), 0));
      return z.map((x) => x - norm);
    }) as [number[], number[]];
    total += p.reduce((sum, x, c) => sum + Math.exp(x) * (x - (q[c] as number)), 0);
  });
  return { correct, non_finite: lost, kl: lost === IMAGES ? null : total / (IMAGES - lost) };
}

/** `conv1[0,2] conv2` as kernels. */
function kernelsOf(channels: string): Set<string> {
  return new Set(
    channels.split(' ').flatMap((part) => {
      const [, layer, list] = /^(\w+)(?:\[([\d,]+)\])?$/.exec(part) as unknown as [string, string, string?];
      return (list?.split(',').map(Number) ?? Array.from({ length: KERNELS }, (_, k) => k)).map(
        (k) => `${layer}[${k}]`,
      );
    }),
  );
}

describe('lesions that leave some images without numbers', () => {
  test.each(heads.filter((head) => head !== 'plain'))(
    '%s: counted, correct and KL as from the weights',
    async (head) => {
      const network = headedNetwork(head);
      const file = write(head, '  kernels: { mode: each }\n  layers: { mode: each, unit: layer }');
      const { tables } = await runYaml(file);
      expect(tables.ablations).toHaveLength(2 * KERNELS + 2);
      for (const row of tables.ablations) {
        const { kl, ...counts } = expected(network, kernelsOf(row.channels));
        expect(row).toMatchObject(counts);
        if (kl === null) expect(row.kl).toBeNull();
        else expect(Math.abs((row.kl as number) - kl)).toBeLessThan(2e-3 * (1 + kl));
      }
      expect(tables.ablations.some((row) => row.non_finite > 0)).toBe(true);
      const kernels = tables.kernels.map((row) => [row.kl, row.non_finite]);
      expect(kernels).toEqual(tables.ablations.slice(0, 2 * KERNELS).map((row) => [row.kl, row.non_finite]));
    },
  );

  test('fills from reference images without numbers are refused; without such fills the activations are missing', async () => {
    const file = write('plain', '  kernels: { mode: each, fill: FILL }');
    const reference = images.slice(0, 4).map((image, i) => (i === 1 ? image.map(() => Number.NaN) : image));
    const pixels = new Float32Array(48);
    reference.forEach((image, i) => pixels.set(image, 12 * i));
    writeFileSync(path.join(folder, 'r.npy'), writeNpy(float32([4, 3, 2, 2], pixels)));
    writeFileSync(path.join(folder, 'ry.npy'), writeNpy(tensor('uint8', [4], Uint8Array.of(0, 1, 2, 0))));
    const filled = (fill: string): void =>
      writeFileSync(
        file,
        study(`  kernels: { mode: each, fill: ${fill} }`)
          .replace('reference: test', 'reference: other')
          .replace('data: {', 'data: { other: { format: npy, files: r.npy, labels: ry.npy },'),
      );
    filled('[zero, mean]');
    await expect(runYaml(file)).rejects.toMatchObject({
      code: 'EXPECTATION_MISSED',
      message: expect.stringMatching(
        /ablation kernels fills .* those of conv1, channel 0, are not all finite/,
      ) as string,
    });
    filled('zero');
    const { tables } = await runYaml(file);
    expect(tables.kernels.map((row) => row.activation_mean)).toEqual(Array.from({ length: 8 }, () => null));
    expect(tables.ablations.every((row) => row.kl !== null && row.non_finite === 0)).toBe(true);
  });

  test('an intact network that gives no numbers is refused before anything is ablated', async () => {
    const file = write('log', '  layers: { mode: each, unit: layer }');
    // Black images have no logarithm.
    writeInputs(
      folder,
      networkFile(headedNetwork('log')),
      images.map((image, i) => (i === 7 || i === 100 ? new Float32Array(12) : image)),
      [3, 2, 2],
      labels,
    );
    await expect(runYaml(file)).rejects.toMatchObject({
      code: 'EXPECTATION_MISSED',
      message: expect.stringMatching(
        /models\.net: the intact network’s outputs are not finite on 2 of 260 images \(.*: 7, 100\).*\n.*Nothing was ablated/,
      ) as string,
    });
  });
});

interface Ablation {
  readonly mode: 'each' | 'pairs' | 'random' | 'cumulative';
  readonly text: string;
}

const fill = fc.constantFrom('zero', '[zero, mean]', 'mean-position', '[zero, resample]');
const unit = fc.constantFrom('kernel', 'layer');
const fractions = fc.constantFrom('[1]', '[0.25, 1]', '[0.5, 0.75, 1]');
const ablation: fc.Arbitrary<Ablation> = fc.oneof(
  fc
    .record({ unit, fill, stop: fc.constantFrom('', ', stop: { precision: 0.3 }', ', stop: { top: 1, epsilon: 0.3 }') })
    .map(({ unit: of, fill: as, stop }) => ({
      mode: 'each' as const,
      text: stop === '' ? `mode: each, unit: ${of}, fill: ${as}` : `mode: each, unit: ${of}, fill: zero${stop}`,
    })),
  fc
    .record({ unit, fill })
    .map((more) => ({ mode: 'pairs' as const, text: `mode: pairs, unit: ${more.unit}, fill: ${more.fill}` })),
  fc
    .record({ fractions, fill, spread: fc.constantFrom('[all-depths]', '[one-layer, matched, all-depths]') })
    .map((more) => ({
      mode: 'random' as const,
      text: `mode: random, trials: 2, fractions: ${more.fractions}, fill: ${more.fill}, spread: ${more.spread}`,
    })),
  fc
    .record({ unit, fractions, fill, order: fc.constantFrom('random', 'kl', 'weight-norm', 'activation-std') })
    .map((more) => ({
      mode: 'cumulative' as const,
      text: `mode: cumulative, unit: ${more.unit}, order: ${more.order}, fractions: ${more.fractions}, fill: ${more.fill}`,
    })),
);

const near = (a: number | null, b: number | null): void => {
  if (a === null || b === null) expect(a).toBe(b);
  else expect(Math.abs(a - b)).toBeLessThan(1e-9 * (1 + Math.abs(b)));
};
const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** A point of a curve, from the rows of its conditions. */
function checkPoint(point: CurveRow, rows: readonly AblationRow[]): void {
  const own = rows.filter(
    (row) =>
      row.ablation === point.ablation &&
      row.fraction === point.fraction &&
      row.fill === point.fill &&
      row.spread === point.spread,
  );
  const whole = own.filter((row) => row.state === 'ok' || row.state === 'no-op');
  expect([point.conditions, point.missing]).toEqual([whole.length, own.length - whole.length]);
  expect(point.non_finite).toBe(whole.reduce((sum, row) => sum + row.non_finite, 0));
  near(point.accuracy, whole.length === 0 ? null : mean(whole.map((row) => row.accuracy as number)));
  near(point.kl, point.non_finite > 0 || whole.length === 0 ? null : mean(whole.map((row) => row.kl as number)));
}

/** Area under relative accuracy from the curve's rows, by trapezoids from the intact network on. */
function areaOf(rows: readonly CurveRow[], intact: number): number | null {
  const points = rows.flatMap((row) => (row.accuracy === null ? [] : [[row.fraction, row.accuracy / intact] as const]));
  if (points.length === 0) return null;
  let [area, x, y] = [0, 0, 1];
  for (const [fraction, relative] of points) {
    area += ((fraction - x) * (relative + y)) / 2;
    [x, y] = [fraction, relative];
  }
  return area / x;
}

function check(ran: RanStudy, head: Head): void {
  const { tables, report, summary, planned } = ran;
  const network = headedNetwork(head);
  for (const [name, count] of planned) {
    const rows = tables.ablations.filter((row) => row.ablation === name);
    expect(rows.map((row) => row.index)).toEqual(Array.from({ length: count }, (_, index) => index));
  }
  for (const row of tables.ablations) {
    expect(row.state === 'failed').toBe(row.images === 0);
    if (row.fill !== 'zero' || row.images !== IMAGES || row.channels.includes('…')) continue;
    const { correct, non_finite } = expected(network, kernelsOf(row.channels));
    expect([row.channels, row.correct, row.non_finite]).toEqual([row.channels, correct, non_finite]);
  }
  for (const point of tables.curves) checkPoint(point, tables.ablations);
  const [model] = tables.models;
  const curve = tables.ablations.find(
    (row) => row.mode === 'random' && row.unit === 'kernel' && row.spread === 'all-depths' && row.fill === 'zero',
  );
  const points = tables.curves.filter(
    (row) => row.ablation === curve?.ablation && row.spread === 'all-depths' && row.fill === 'zero',
  );
  if (model) near(model.robustness_area, areaOf(points, model.accuracy));
  const lost = tables.ablations.filter((row) => row.non_finite > 0);
  expect(summary.nonFinite).toEqual({
    conditions: lost.length,
    images: lost.reduce((sum, row) => sum + row.non_finite, 0),
  });
  expect(summary.findings.some((finding) => finding.startsWith('Outputs are not finite'))).toBe(lost.length > 0);
  for (const row of tables.pairs) {
    const isKnown = row.state !== 'failed' && row.non_finite === 0;
    expect(row.kl_interaction !== null).toBe(isKnown);
    if (isKnown) near(row.kl_interaction, (row.kl_joint as number) - (row.kl_a as number) - (row.kl_b as number));
  }
  for (const part of ['layer', 'across'] as const) {
    for (const row of tables.interactions.filter((one) => one.part === part && one.fill === 'zero')) {
      const own = tables.pairs.filter(
        (pair) => pair.ablation === row.ablation && pair.fill === 'zero' && pair.relation === part,
      );
      const known = own.filter((pair) => pair.kl_interaction !== null);
      expect([row.pairs, row.left_out]).toEqual([known.length, own.length - known.length]);
      if (row.measure === 'kl' && row.interaction !== null)
        near(row.interaction, mean(known.map((pair) => pair.kl_interaction as number)));
    }
  }
  expect(report.replace(/data:[^"]*/g, '')).not.toMatch(noNumbers);
  checkMarks(report, tables.curves, model?.accuracy ?? 0);
}

/** Height of a panel of the report, over which accuracy goes from 1 to 0. */
const HEIGHT = 236;

/** The accuracy figure: a point, at its height, for each row with an accuracy and each intact network, and a cross for each row that is marked. */
function checkMarks(report: string, rows: readonly CurveRow[], intact: number): void {
  const figure = /<figure id="fig-curves-accuracy">[\s\S]*?<figcaption>/.exec(report)?.[0] ?? '';
  const points = [...figure.matchAll(/<path transform="translate\([\d.]+,([\d.]+)\)" d/g)];
  const heights = points.map(([, y]) => 1 - Number(y) / HEIGHT).sort((a, b) => a - b);
  const curves = new Set(rows.map((row) => `${row.ablation} ${row.spread} ${row.fill}`));
  const wanted = [
    ...rows.flatMap(({ accuracy }) => (accuracy === null ? [] : [accuracy])),
    ...Array.from(curves, () => intact),
  ].sort((a, b) => a - b);
  expect(heights).toHaveLength(wanted.length);
  heights.forEach((height, i) => expect(Math.abs(height - (wanted[i] as number))).toBeLessThan(1e-4));
  const crosses = figure.match(/<path transform="translate\([^)]*\) rotate\(45\)"/g) ?? [];
  expect(crosses).toHaveLength(rows.filter((row) => row.non_finite > 0).length);
}

test('whatever is asked, and whatever fails: a row for every condition planned, and curves, areas, figures and sentences from the same rows', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...heads),
      fc.array(ablation, { minLength: 1, maxLength: 2 }),
      fc.oneof(fc.constant<number[]>([]), fc.array(fc.nat(60), { minLength: 1, maxLength: 4 })),
      // Units of the first stage: the profile, which orders may rest on, and the intact network.
      fc.oneof({ weight: 3, arbitrary: fc.constant<number[]>([]) }, fc.subarray([0, 1], { minLength: 1 })),
      async (head, ablations, failing, basics) => {
        const file = write(head, ablations.map(({ text }, i) => `  a${i}: { ${text} }`).join('\n'));
        const fails = (stage: number, unit: number): boolean => (stage > 0 ? failing : basics).includes(unit);
        check(await runYaml(file, { fails, tables: ['ablations', 'curves', 'pairs'] }), head);
      },
    ),
    { numRuns: 24, seed: 20261130 },
  );
}, 240_000);
