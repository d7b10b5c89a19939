import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { openOnnxruntime } from '../../core/engine/onnxruntime.js';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { sha256 } from '../../core/digest.js';
import type { Edit } from '../../core/plan/condition.js';
import type { Fill } from '../../core/spec/words/fills.js';
import { SEMANTICS } from '../../core/plan/identity.js';
import type { Cell } from '../../core/probe/cell.js';
import { runLesionBatch } from '../../core/probe/lesion.js';
import { ReferenceSet } from '../../core/probe/reference-set.js';
import { runResponseBatch } from '../../core/probe/response-batch.js';
import { nullNetwork } from '../../core/probe/null-network.js';
import { Recalibration } from '../../core/probe/recalibration.js';
import { InstrumentedNetwork } from '../../core/probe/instrumented-network.js';
import type { Tensor } from '../../core/tensor.js';
import { groupOf, responseContext, seededImages, tapSmall } from '../probe/small-tap.js';
import { cifarImages, sharedNetwork } from '../builders/real-networks.js';
import { hasSharedData } from '../builders/shared-data.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';

/** `PERCUSS_RECORD_GOLDEN=1` writes the fixture anew, after SEMANTICS has been raised. */
const fixture = path.join(import.meta.dirname, 'fixtures/golden-cells.json');
const recording = process.env['PERCUSS_RECORD_GOLDEN'] === '1';

interface GoldenCell {
  readonly state: string;
  readonly effect: number;
  readonly predicted: readonly number[];
  readonly loss: readonly number[];
  readonly kl: readonly number[];
}

interface Golden {
  readonly semantics: number;
  /** Trained networks on onnxruntime, whose last digits differ between processors. */
  readonly networks: Record<string, Record<string, GoldenCell>>;
  /** SHA-256 of results of the reference engine, which are the same everywhere. */
  readonly bytes: Record<string, string>;
}

const golden: Golden = existsSync(fixture)
  ? (JSON.parse(readFileSync(fixture, 'utf8')) as Golden)
  : { semantics: 0, networks: {}, bytes: {} };

const MOVED =
  'values of cells have moved while SEMANTICS stands: cells that are stored already would be taken for these. Raise ' +
  'SEMANTICS in core/plan/identity.ts and record the fixture anew (PERCUSS_RECORD_GOLDEN=1), or bring the values back';

function record(change: (known: Golden) => Golden): void {
  const known = existsSync(fixture) ? (JSON.parse(readFileSync(fixture, 'utf8')) as Golden) : golden;
  writeFileSync(fixture, `${JSON.stringify({ ...change(known), semantics: SEMANTICS }, null, 1)}\n`);
}

test('the golden cells are those of this SEMANTICS', () => {
  if (recording) return;
  expect(golden.semantics, 'SEMANTICS was raised: record the fixture anew with PERCUSS_RECORD_GOLDEN=1').toBe(
    SEMANTICS,
  );
});

const zero: Fill = { kind: 'zero' };
const mean: Fill = { kind: 'mean', per: 'channel', reference: 'reference' };
const position: Fill = { kind: 'mean', per: 'position', reference: 'reference' };
const resample: Fill = { kind: 'resample', draw: 1, reference: 'reference' };

async function runCells(
  network: InstrumentedNetwork,
  reference: Tensor,
  chunk: { readonly digest: string; readonly images: Tensor; readonly labels: Uint16Array },
  conditions: Readonly<Record<string, readonly Edit[]>>,
): Promise<Record<string, Cell>> {
  const cells: [string, Cell][] = [];
  const names = Object.keys(conditions);
  await runLesionBatch(
    {
      network,
      chunk,
      conditions: names.map((key) => ({ key, condition: { edits: conditions[key] as readonly Edit[] } })),
      reference: new ReferenceSet(network, 'reference', reference),
      output: { kind: 'logits', classOffset: 0 },
    },
    { cell: (index, cell) => void cells.push([names[index] as string, cell]) },
  );
  return Object.fromEntries(cells);
}

const kernels = (site: string, channels: readonly number[], fill: Fill): Edit => ({ site, channels, fill });

const networks = {
  cifar10_resnet20: {
    baseline: [],
    'first kernel': [kernels('conv1', [3], zero)],
    'whole branch': [
      kernels(
        'layer2.1.conv2',
        Array.from({ length: 32 }, (_, c) => c),
        zero,
      ),
    ],
    mean: [kernels('layer1.1.conv1', [2, 9], mean)],
    resample: [kernels('layer3.0.conv1', [5, 40], resample)],
    spread: [
      kernels('layer1.0.conv1', [1, 7, 12], zero),
      kernels('layer2.0.conv2', [0, 31], zero),
      kernels('layer3.2.conv1', [63], zero),
    ],
  },
  cifar10_mstutorial: { baseline: [], 'by place': [] as Edit[] },
} satisfies Record<string, Record<string, Edit[]>>;

describe.skipIf(!hasSharedData)('golden cells of trained networks', () => {
  test.each(Object.keys(networks) as (keyof typeof networks)[])('%s', async (name) => {
    const graph = sharedNetwork(`models/${name}.onnx`);
    const engine = await openOnnxruntime();
    const network = new InstrumentedNetwork(graph, anatomyOf(graph, { after: 'activation' }), engine);
    const { images, labels } = cifarImages('cifar10_test_0000-0499.bin', 12);
    const reference = cifarImages('cifar10_train_0000-1999.bin', 16).images;
    const [first, , third] = network.anatomy.layers.map((layer) => layer.site) as [string, string, string];
    const plain = { zeros: [kernels(first, [0, 2, 5], zero)], position: [kernels(third, [1, 4], position)] };
    const conditions = name === 'cifar10_mstutorial' ? { baseline: [], ...plain } : networks[name];
    const cells = await runCells(network, reference, { digest: 'chunk', images, labels }, conditions);
    await network.close();
    await engine.close();
    if (recording) {
      const plainCells = Object.entries(cells).map(
        ([key, { state, effect, predicted, loss, kl }]): [string, GoldenCell] => [
          key,
          { state, effect, predicted: [...predicted], loss: [...loss], kl: [...kl] },
        ],
      );
      record((known) => ({ ...known, networks: { ...known.networks, [name]: Object.fromEntries(plainCells) } }));
      return;
    }
    const known = golden.networks[name] ?? {};
    expect(Object.keys(cells)).toEqual(Object.keys(known));
    for (const [key, cell] of Object.entries(cells)) {
      const { state, effect, predicted, loss, kl } = known[key] as GoldenCell;
      const what = `${name}, ${key}: ${MOVED}`;
      expect(cell.state, what).toBe(state);
      expect([...cell.predicted], what).toEqual(predicted);
      expect(Math.abs(cell.effect - effect), what).toBeLessThan(1e-4 * Math.max(1, effect));
      // What other processors' instructions do to logits of about 10, and no more.
      const near = (x: number, known: number): void =>
        expect(Math.abs(x - known), what).toBeLessThan(1e-5 * (1 + Math.abs(known)));
      cell.loss.forEach((x, i) => near(x, loss[i] as number));
      cell.kl.forEach((x, i) => near(x, kl[i] as number));
    }
  });
});

describe('golden bytes of the reference engine', () => {
  const net = new SmallNetwork(2, 8);
  const stem = net.relu('relu1', net.norm('bn1', net.conv('conv1', net.input, 4)));
  const branch = net.norm('bn3', net.conv('conv3', net.relu('relu2', net.norm('bn2', net.conv('conv2', stem, 4))), 4));
  const joined = net.relu('relu3', net.add('add', branch, stem));
  const graph = net.graph(net.head(net.relu('relu4', net.norm('bn4', net.conv('conv4', joined, 6, { stride: 2 })))));
  const reference = seededImages(5, 2, 8);

  function expectBytes(
    name: string,
    tensors: readonly { readonly buffer: ArrayBufferLike; readonly byteOffset: number; readonly byteLength: number }[],
  ): void {
    const digest = sha256(
      Buffer.concat(tensors.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength))),
    );
    if (recording) record((known) => ({ ...known, bytes: { ...known.bytes, [name]: digest } }));
    else expect(digest, `${name}: ${MOVED}`).toBe(golden.bytes[name]);
  }

  test('cells', async () => {
    const network = await tapSmall(graph);
    const chunk = { digest: 'chunk', images: seededImages(6, 2, 8), labels: Uint16Array.of(0, 1, 2, 3, 4, 0) };
    const fills = Object.entries({ zero, mean, position, resample });
    const conditions = Object.fromEntries(
      fills.flatMap(([name, fill]) => [
        [`${name}, one`, [kernels('conv2', [1, 2], fill)]],
        [`${name}, two`, [kernels('conv1', [0], fill), kernels('conv4', [5], fill)]],
      ]),
    );
    const cells = await runCells(network, reference, chunk, { baseline: [], ...conditions });
    for (const [name, { effect, predicted, loss, kl }] of Object.entries(cells)) {
      expectBytes(`cell ${name}`, [Float64Array.of(effect), predicted, loss, kl]);
    }
  });

  test('responses of the network and of a null', async () => {
    const intact = await tapSmall(graph);
    const record_ = intact.anatomy.sites.map((site) => site.name);
    const group = groupOf({
      base: { image: 2 },
      channels: [0, 1],
      positions: [[3, 5]],
      amplitudes: { unit: 'std', values: [0.1, -0.1, 1, -1] },
      record: record_,
    });
    const recalibration = new Recalibration(graph, intact.engine, [reference]);
    const shuffled = await nullNetwork(graph, recalibration, 7, { shuffled: 0 });
    for (const [name, network] of [
      ['intact', intact],
      ['null', await tapSmall(shuffled)],
    ] as const) {
      const { tensors } = await runResponseBatch(network, group, responseContext(reference));
      const named = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
      expectBytes(
        `responses, ${name}`,
        named.map(([, { data }]) => data),
      );
    }
  });
});
