import { noWork } from '../../core/plan/cost.js';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import type { Anatomy } from '../../core/anatomy/site.js';
import { outlineOf, type ModelOutline } from '../../core/plan/outline.js';
import type { Committed, StageContext } from '../../core/plan/planner.js';
import type { ResolvedModel, ResolvedStudy } from '../../core/spec/resolved-study.js';
import type { AblationSpec, ImpulseSpec } from '../../core/spec/study-spec.js';
import type { NullsSpec } from '../../core/spec/words/nulls.js';
import { analysisSpec, nullsSpec } from '../builders/specs.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';

/** Two convolutions of 4 and 6 kernels, the second of stride 2. */
export function smallGraph() {
  const net = new SmallNetwork(3, 8);
  const first = net.relu('relu1', net.conv('conv1', net.input, 4));
  const second = net.relu('relu2', net.conv('conv2', first, 6, { stride: 2 }));
  return net.graph(net.head(second));
}

const small = anatomyOf(smallGraph());

export const modelOf = (name: string, content = `content of ${name}`): ResolvedModel => ({
  name,
  content,
  format: 'onnx',
  files: [],
  data: 'test',
  reference: 'train',
  input: { divide: 1, mean: [0], std: [1], order: 'rgb' },
  output: { kind: 'logits', name: undefined, classOffset: 0 },
  after: 'activation',
  expect: undefined,
});

export interface Asked {
  readonly models?: readonly ResolvedModel[];
  readonly ablations?: readonly AblationSpec[];
  readonly impulses?: readonly ImpulseSpec[];
  readonly chunks?: readonly string[];
  readonly scores?: Readonly<Record<string, readonly number[]>>;
  readonly nulls?: NullsSpec;
  /** Of all networks; default: that of `smallGraph`. */
  readonly anatomy?: Anatomy;
}

/** Outlines of a study of small networks, without anything being read. */
export function outlinesOf(asked: Asked): ModelOutline[] {
  const { models = [modelOf('small')], anatomy = small } = asked;
  const chunks = (asked.chunks ?? ['chunk 0', 'chunk 1']).map((digest) => ({ digest, images: 250 }));
  const study: ResolvedStudy = {
    version: 1,
    semantics: 1,
    study: 'study',
    seed: 7,
    data: [
      { name: 'test', shape: [3, 8, 8], classes: null, chunks },
      { name: 'train', shape: [3, 8, 8], classes: null, chunks: [{ digest: 'reference chunk', images: 250 }] },
    ],
    models,
    ablations: asked.ablations ?? [],
    impulses: asked.impulses ?? [],
    analysis: analysisSpec({
      bootstrap: 10,
      nulls: asked.nulls ?? nullsSpec(),
      rarefy: { kernels: 2, sites: 2 },
    }),
  };
  const mode = { engine: 'reference', precision: 'float32', device: 'cpu' } as const;
  return models.map((model) =>
    outlineOf(model, { study, mode, anatomy, image: [3, 8, 8], scores: asked.scores ?? {} }),
  );
}

export const contextOf = (
  stored: ReadonlySet<string> = new Set(),
  failed: ReadonlySet<string> = new Set(),
  outputs: ReadonlySet<string> = stored,
): StageContext => {
  const there = () => Promise.resolve(stored);
  const committed: Committed = { cells: there, outputs: () => Promise.resolve(outputs), results: there };
  // A second for 250 images through the whole network at the default rate.
  const workload = {
    whole: { ...noWork, macs: 1e8 },
    behind: (site: string) => ({ ...noWork, macs: site === 'conv1' ? 5e7 : 2e7 }),
    ahead: () => noWork,
    spread: (site: string) => ({ ...noWork, macs: site === 'conv1' ? 7e7 : 3e7 }),
  };
  return { seed: 7, committed, failed, workload: () => workload };
};
