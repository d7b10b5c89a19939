import type { Engine, Program } from '../core/engine/engine.js';
import { openOnnxruntime } from '../core/engine/onnxruntime.js';
import { graphCost } from '../core/network/cost.js';
import type { Graph } from '../core/network/graph.js';
import { agreement } from './agreement.js';
import { convolutionChain } from './convolution-chain.js';
import { metered, type Meter } from './metered-engine.js';
import type { Lesion, Subject } from './sweep.js';
import { readSubject, runLesionsOn, type InstrumentedSubject } from './instrumented-subject.js';
import { WholeNetwork } from './whole-network.js';

/** What the parent asks of a process. */
export type PeakRequest =
  | { readonly ask: 'open'; readonly subject: Subject; readonly check: readonly Lesion[] }
  | { readonly ask: 'peak'; readonly seconds: number }
  | { readonly ask: 'run'; readonly lesions: readonly Lesion[] };

export interface PeakReply {
  readonly error?: string;
  /** Multiply-accumulates a second of the chain of large convolutions. */
  readonly peak?: number;
  readonly meter?: Meter;
  /** Rows that agreed with whole forward passes. */
  readonly agreed?: number;
}

const meter = metered(await openOnnxruntime());
let opened: InstrumentedSubject | undefined;
let chain: { readonly program: Program; readonly graph: Graph; readonly x: ReturnType<Engine['upload']> } | undefined;

/** Opens a network; a few lesions must agree with whole forward passes. The intact network and its programs are then known. */
async function open(subject: Subject, check: readonly Lesion[]): Promise<number> {
  await opened?.network.close();
  opened = await readSubject(subject, meter.engine);
  const whole = new WholeNetwork(opened.network, opened.images, opened.labels);
  const { rows } = agreement((await runLesionsOn(opened, check)).results, await whole.run(check), subject.images);
  await whole.close();
  return rows;
}

/** Multiply-accumulates a second over about so many seconds. */
async function peak(seconds: number): Promise<number> {
  chain ??= await (async () => {
    const { graph, rows } = convolutionChain();
    return { graph, program: await meter.engine.compile(graph), x: meter.engine.upload(rows) };
  })();
  const { program, graph, x } = chain;
  const macs = graphCost(graph).macs * (x.shape[0] as number);
  const run = async (): Promise<void> => {
    for (const tensor of (await program.run(new Map([['x', x]]))).values()) tensor.dispose();
  };
  await run();
  const started = performance.now();
  let runs = 0;
  for (; performance.now() - started < 1000 * seconds; runs++) await run();
  return (runs * macs) / ((performance.now() - started) / 1000);
}

async function answer(request: PeakRequest): Promise<PeakReply> {
  if (request.ask === 'peak') return { peak: await peak(request.seconds) };
  if (request.ask === 'open') return { agreed: await open(request.subject, request.check) };
  if (!opened) throw new Error('nothing is open');
  meter.take();
  await runLesionsOn(opened, request.lesions);
  return { meter: meter.take() };
}

process.on('message', (request: PeakRequest) => {
  answer(request)
    .catch((error: unknown): PeakReply => ({
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }))
    .then((reply) => process.send?.(reply))
    .catch(() => process.exit(1));
});
process.on('disconnect', () => process.exit(0));
