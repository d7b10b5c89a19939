import type { Engine } from '../core/engine/engine.js';
import { openEngine } from '../core/engine/open.js';
import { doctorChain, peakChain, timeRuns } from '../core/engine/speed.js';
import { graphCost } from '../core/network/cost.js';
import { importNetwork } from '../core/import/import-network.js';
import { calibrate } from '../core/study/planning/calibrate.js';
import type { NetworkFiles } from '../core/study/preparing/choose-mode.js';
import type { EngineAnswer, EngineReply, EngineTask, NetworkTime } from './engine-tasks.js';
import { tensorFlowFromCache } from '../infra/setup/load-tfjs.js';
import { toPlain } from './messages.js';

/** Seconds from this process's start until it had opened its first engine. */
let ready: number | undefined;

/**
 * A process that tries out an engine for its parent, one task after another: a driver that crashes, or never comes back,
 * takes nothing else along.
 */
async function answer(task: EngineTask): Promise<EngineAnswer> {
  const engine = await openEngine(task.mode, { tensorflow: tensorFlowFromCache });
  // Compute processes load about the same, and open an engine before their first batch.
  ready ??= performance.now() / 1000;
  try {
    const { provenance } = engine;
    switch (task.kind) {
      case 'open':
        return { provenance };
      case 'speed':
        return { provenance, chain: await timeRuns(engine, doctorChain()) };
      case 'networks':
        return { provenance, networks: await timeNetworks(engine, task.networks) };
      case 'bench': {
        const chain = await timeRuns(engine, peakChain(), { seconds: 1 });
        return { provenance, chain, networks: await timeNetworks(engine, task.networks, 1) };
      }
      case 'cost':
        return { provenance, cost: await calibrate(engine, ready) };
    }
  } finally {
    await engine.close();
  }
}

async function timeNetworks(
  engine: Engine,
  networks: readonly NetworkFiles[],
  seconds?: number,
): Promise<readonly NetworkTime[]> {
  const times: NetworkTime[] = [];
  for (const { name, format, files } of networks) {
    const graph = await importNetwork(name, format, files);
    const { macs, bytes } = graphCost(graph);
    times.push({ name, macs, bytes, ...(await timeRuns(engine, graph, seconds === undefined ? {} : { seconds })) });
  }
  return times;
}

function tell(reply: EngineReply): void {
  process.send?.(reply, undefined, {}, () => undefined);
}

// Ctrl-C reaches the whole process group; the parent decides when tasks end.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('message', (message) => {
  answer(message as EngineTask).then(
    (found) => tell({ answer: found }),
    (error: unknown) => tell({ error: toPlain(error) }),
  );
});
