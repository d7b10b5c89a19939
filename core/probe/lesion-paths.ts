import { strategyOf, type StrategyName } from '../plan/strategy.js';
import type { Tensor } from '../tensor.js';
import { contributionsOf } from './contributions.js';
import type { CutPoint } from './cut-point.js';
import type { FillReach } from './fill-values.js';
import { imagesAt, type LesionPath, type LesionStep, type Station } from './lesion-path.js';
import { runLesions } from './lesion-run.js';
import { imagesOf, onHost, type HostLive, type Live } from './live.js';
import { shapeOfRun } from './run-size.js';
import { edited, standing, type PreparedEdit } from './selection.js';
import { runTails } from './tail-lesions.js';
import type { CompiledLesion, InstrumentedNetwork } from './instrumented-network.js';

/** Activations that paths of two steps may hold at once, over all the cuts between: few, as caches are small. */
const BRANCH_BYTES = 32 * 2 ** 20;

/** Runs conditions whose first step is at a station, each by its strategy. What its values are does not depend on whom it shares with. */
export async function runPaths(
  network: InstrumentedNetwork,
  station: Station,
  paths: readonly LesionPath[],
  signal?: AbortSignal,
): Promise<void> {
  for (const run of new Set(Object.values(runners))) {
    const own = paths.filter((path) => runners[strategyFor(path)] === run);
    if (own.length > 0) await run(network, station, own, signal);
  }
}

type Runner = typeof runEnds;

/** How each strategy is run. Those of one cut meet in runs of their own, the carried and the others. */
const runners: { readonly [S in StrategyName]: Runner } = {
  carried: runEnds,
  'one-cut': runEnds,
  'many-cuts': runTails,
  'two-cuts': runFromFirst,
  'cut-by-cut': runFromFirst,
};

const strategyFor = ({ steps }: LesionPath): StrategyName =>
  strategyOf(
    steps.map(({ edits }) => edits.map(({ channels }) => channels.length)),
    steps.some(({ edits }) => edits.some(({ fill }) => fill.on)),
  );

/** Paths of two steps or more from the first on, as many images at a time as fit. */
async function runFromFirst(
  network: InstrumentedNetwork,
  station: Station,
  pairs: readonly LesionPath[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const images = imagesAt(station);
  const perImage = network.cuts.slice(station.cut).reduce((sum, { live }) => sum + network.bytesOf(live), 1);
  const atOnce = Math.max(8, Math.floor(BRANCH_BYTES / perImage));
  for (let from = 0; from < images; from += atOnce) {
    const to = Math.min(images, from + atOnce);
    const live = imagesOf(station.live, from, to);
    await runOnwards(network, { ...station, live, start: station.start + from }, { paths: pairs, passed: 0 }, signal);
  }
}

/** Paths whose first steps, so many, are behind them, all the same. */
interface Underway {
  readonly paths: readonly LesionPath[];
  readonly passed: number;
}

/** Paths whose next step is here, and not their last. */
async function runOnwards(
  network: InstrumentedNetwork,
  station: Station,
  { paths, passed }: Underway,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { value } = network.cuts[station.cut] as CutPoint;
  const next = ({ steps }: LesionPath): LesionStep => steps[passed + 1] as LesionStep;
  for (const same of grouped(paths, ({ steps }) => (steps[passed] as LesionStep).key)) {
    const { edits } = same[0].steps[passed] as LesionStep;
    const live = new Map(station.live);
    live.set(value, edited(live.get(value) as Tensor, edits, station.start));
    const arrive = async (cut: number, there: Live): Promise<void> => {
      const here = same.filter((path) => next(path).cut === cut);
      const reached = { cut, live: await onHost(there), start: station.start };
      const [ending, others] = [
        here.filter((path) => next(path) === lastStep(path)),
        here.filter((path) => next(path) !== lastStep(path)),
      ];
      await runEnds(network, reached, ending, signal);
      await runOnwards(network, reached, { paths: others, passed: passed + 1 }, signal);
    };
    const cuts = new Set(same.map((path) => next(path).cut));
    await network.onwards({ cut: station.cut, live }, cuts, arrive, signal);
  }
}

const lastStep = ({ steps }: LesionPath): LesionStep => steps.at(-1) as LesionStep;
const lastEdits = (path: LesionPath): readonly PreparedEdit[] => lastStep(path).edits;

/** Paths of as many steps as each other, whose last step is here, as many in a run as its rows allow. */
async function runEnds(
  network: InstrumentedNetwork,
  station: Station,
  given: readonly LesionPath[],
  signal: AbortSignal | undefined,
): Promise<void> {
  if (given.length === 0) return;
  const { value } = network.cuts[station.cut] as CutPoint;
  const paths = followed(given, station.live.get(value) as Tensor, station.start);
  const carried = await deltaHere(network, station, paths, signal);
  const alike = (path: LesionPath): string => (carried?.takes(path) ? 'carried' : reachesOf(lastEdits(path)).join());
  for (const group of grouped(paths, alike)) {
    if (carried?.takes(group[0])) {
      await runGroup(network, carried.lesion, { ...station, live: carried.live }, group, signal);
      continue;
    }
    const lesion = (await network.lesion(station.cut, false)) as CompiledLesion;
    const live = await network.withAhead(lesion, station.live, signal);
    await runGroup(network, lesion, { ...station, live }, group, signal);
  }
}

/** Paths whose last edits know what stands at their cut. */
function followed(paths: readonly LesionPath[], activation: Tensor, start: number): readonly LesionPath[] {
  return paths.map((path) => {
    const last = lastStep(path);
    if (!last.edits.some(({ fill }) => fill.on)) return path;
    const edits = standing(last.edits, activation, start);
    return { ...path, steps: [...path.steps.slice(0, -1), { ...last, edits }] };
  });
}

async function runGroup(
  network: InstrumentedNetwork,
  lesion: CompiledLesion,
  station: Station,
  paths: readonly LesionPath[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const images = imagesAt(station);
  const size = shapeOfRun(network.rowsAt(station.cut), { images, conditions: paths.length });
  for (let start = 0; start < paths.length; start += size.conditions) {
    const run = paths.slice(start, start + size.conditions);
    for (let from = 0; from < images; from += size.images) {
      signal?.throwIfAborted();
      const to = Math.min(images, from + size.images);
      const part = { edits: run.map(lastEdits), from, to, tileStart: station.start };
      const data = await runLesions(network, lesion, station.live, part, signal);
      const block = (to - from) * network.classes;
      run.forEach(({ outputs }, c) =>
        outputs.set(data.subarray(c * block, (c + 1) * block), (station.start + from) * network.classes),
      );
    }
  }
}

interface DeltaHere {
  readonly lesion: CompiledLesion;
  /** Of the cut, and what the delta convolutions need ahead of it. */
  readonly live: HostLive;
  takes(path: LesionPath): boolean;
}

/**
 * What carries single channels from here, where anything can. What is ahead of delta convolutions is paid for each beginning; few paths of
 * two steps have theirs in common, so these are never carried.
 */
async function deltaHere(
  network: InstrumentedNetwork,
  station: Station,
  paths: readonly LesionPath[],
  signal: AbortSignal | undefined,
): Promise<DeltaHere | undefined> {
  const single = new Set(paths.filter((path) => strategyFor(path) === 'carried'));
  if (single.size === 0) return undefined;
  const lesion = await network.lesion(station.cut, true);
  if (!lesion?.delta) return undefined;
  const live = await network.withAhead(lesion, station.live, signal);
  const weights = contributionsOf(lesion.delta, live);
  const images = imagesAt(station);
  const known = new Map<LesionPath, boolean>();
  return {
    lesion,
    live,
    takes(path) {
      const [edit] = lastEdits(path);
      if (!edit || !single.has(path)) return false;
      const before = known.get(path);
      if (before !== undefined) return before;
      const takes = weights.every((contributions) => contributions.balances(edit, station.start, images));
      known.set(path, takes);
      return takes;
    },
  };
}

function reachesOf(edits: readonly PreparedEdit[]): readonly FillReach[] {
  return [...new Set(edits.map((edit) => edit.fill.reach))].sort();
}

/** In order of first appearance. */
function grouped<T>(list: readonly T[], by: (item: T) => string): readonly (readonly [T, ...T[]])[] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const item of list) {
    const key = by(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()];
}
