import type { Engine } from '../../engine/engine.js';
import { anatomyOf } from '../../anatomy/anatomy.js';
import { makingSeconds, secondsFor, walkSeconds, type CostModel } from '../../plan/cost.js';
import { runLesionBatch } from '../../probe/lesion.js';
import { ReferenceSet } from '../../probe/reference-set.js';
import { InstrumentedNetwork } from '../../probe/instrumented-network.js';
import { network, uniform } from './calibration-graphs.js';
import { workloadOf } from './workload.js';

/** What a rehearsal should take by the model; slow engines get few images. */
const SECONDS = 0.25;
const TIMES = 3;
const MOST_IMAGES = 128;
const KERNELS = [16, 16, 16, 32, 32, 32] as const;
/** At each site: batches are seldom larger, since they end after some seconds. */
const CONDITIONS = 2;

/**
 * Predicted ÷ taken of a small sweep from nothing: programs made, the intact network walked, rows fed, run and measured. The
 * parts of a cost model are each measured at their best and alone; together they reach a share of it.
 */
export async function reachedShare(engine: Engine, model: CostModel): Promise<number> {
  const graph = network('rehearsal', [3, 32, 32], KERNELS, 10);
  const anatomy = anatomyOf(graph, { after: 'activation' });
  const workload = workloadOf(graph, anatomy);
  const predict = (images: number): number => {
    const own = anatomy.sites.map(({ name }) => {
      const work = workload.behind(name, true);
      return (
        CONDITIONS * secondsFor(images, work, model) +
        walkSeconds(images, workload.ahead(name, true), model) +
        makingSeconds(work, model)
      );
    });
    const once = walkSeconds(images, workload.whole, model) + makingSeconds(workload.whole, model);
    return own.reduce((sum, seconds) => sum + seconds, once);
  };
  const images = Math.max(4, Math.min(MOST_IMAGES, Math.floor(SECONDS / (predict(64) / 64))));
  const chunk = {
    digest: 'rehearsal',
    images: uniform('rehearsal', [images, 3, 32, 32]),
    labels: new Uint16Array(images),
  };
  const conditions = anatomy.sites.flatMap(({ name }) =>
    Array.from({ length: CONDITIONS }, (_, channel) => ({
      key: `${name} ${channel}`,
      condition: { edits: [{ site: name, channels: [channel], fill: { kind: 'zero' as const } }] },
    })),
  );
  const taken: number[] = [];
  for (let time = 0; time < TIMES; time++) {
    const tapped = new InstrumentedNetwork(graph, anatomy, engine);
    const started = performance.now();
    const output = { kind: 'logits' as const, classOffset: 0 };
    const reference = new ReferenceSet(tapped, 'rehearsal', chunk.images);
    await runLesionBatch({ network: tapped, chunk, reference, output, conditions }, { cell: () => {} });
    taken.push((performance.now() - started) / 1000);
    await tapped.close();
  }
  return predict(images) / (taken.sort((a, b) => a - b)[(TIMES - 1) / 2] as number);
}
