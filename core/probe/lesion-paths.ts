import { SPREAD_CUTS } from '../plan/strategy.js';
import type { Tensor } from '../tensor.js';
import { contributionsOf } from './contributions.js';
import type { CutPoint } from './cut-point.js';
import type { FillReach } from './fill.js';
import { imagesAt, type LesionPath, type LesionStep, type Station } from './lesion-path.js';
import { runLesions } from './lesion-run.js';
import { imagesOf, onHost, type HostLive, type Live } from './live.js';
import { shapeOfRun } from './run-size.js';
import { edited, type PreparedEdit } from './selection.js';
import { runSpread } from './spread-lesions.js';
import type { CompiledLesion, TappedNetwork } from './tapped-network.js';

/** Activations that paths of two steps may hold at once, over all the cuts between: few, as caches are small. */
const BRANCH_BYTES = 32 * 2 ** 20;

/**
 * Runs conditions whose first step is at a station. Of two steps, the way to the second is computed once for all that share
 * the first; conditions of more go on their own (`runSpread`). What a condition's values are does not depend on whom it
 * shares with.
 */
export async function runPaths(
  network: TappedNetwork,
  station: Station,
  paths: readonly LesionPath[],
  signal?: AbortSignal,
): Promise<void> {
  await runEnds(network, station, ofLength(paths, 1), signal);
  const spread = paths.filter(({ steps }) => steps.length >= SPREAD_CUTS);
  if (spread.length > 0) await runSpread(network, station, spread, signal);
  const pairs = ofLength(paths, 2);
  if (pairs.length === 0) return;
  const images = imagesAt(station);
  const perImage = network.cuts.slice(station.cut).reduce((sum, { live }) => sum + network.bytesOf(live), 1);
  const atOnce = Math.max(8, Math.floor(BRANCH_BYTES / perImage));
  for (let from = 0; from < images; from += atOnce) {
    const to = Math.min(images, from + atOnce);
    const live = imagesOf(station.live, from, to);
    await runPairs(network, { ...station, live, start: station.start + from }, pairs, signal);
  }
}

const ofLength = (paths: readonly LesionPath[], length: number): readonly LesionPath[] =>
  paths.filter(({ steps }) => steps.length === length);

/** Paths of two steps, the first of which is here. */
async function runPairs(
  network: TappedNetwork,
  station: Station,
  paths: readonly LesionPath[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const { value } = network.cuts[station.cut] as CutPoint;
  for (const same of grouped(paths, ({ steps }) => (steps[0] as LesionStep).key)) {
    const { edits } = same[0].steps[0] as LesionStep;
    const live = new Map(station.live);
    live.set(value, edited(live.get(value) as Tensor, edits, station.start));
    const arrive = async (cut: number, there: Live): Promise<void> => {
      const ending = same.filter((path) => lastStep(path).cut === cut);
      await runEnds(network, { cut, live: await onHost(there), start: station.start }, ending, signal);
    };
    const cuts = new Set(same.map((path) => lastStep(path).cut));
    await network.onwards({ cut: station.cut, live }, cuts, arrive, signal);
  }
}

const lastStep = ({ steps }: LesionPath): LesionStep => steps.at(-1) as LesionStep;
const lastEdits = (path: LesionPath): readonly PreparedEdit[] => lastStep(path).edits;

/** Paths of as many steps as each other, whose last step is here, as many in a run as its rows allow. */
async function runEnds(
  network: TappedNetwork,
  station: Station,
  paths: readonly LesionPath[],
  signal: AbortSignal | undefined,
): Promise<void> {
  if (paths.length === 0) return;
  // What is ahead of a carry is paid for each beginning; few paths of two steps have theirs in common.
  const first = paths[0]?.steps.length === 1;
  const carried = first ? await carriedHere(network, station, paths.map(lastEdits), signal) : undefined;
  const alike = (path: LesionPath): string =>
    carried?.takes(lastEdits(path)) ? 'carried' : reachesOf(lastEdits(path)).join();
  for (const group of grouped(paths, alike)) {
    if (carried?.takes(lastEdits(group[0]))) {
      await runGroup(network, carried.lesion, { ...station, live: carried.live }, group, signal);
      continue;
    }
    const lesion = (await network.lesion(station.cut, false)) as CompiledLesion;
    const live = await network.withAhead(lesion, station.live, signal);
    await runGroup(network, lesion, { ...station, live }, group, signal);
  }
}

async function runGroup(
  network: TappedNetwork,
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

interface CarriedHere {
  readonly lesion: CompiledLesion;
  /** Of the cut, and what the carry needs ahead of it. */
  readonly live: HostLive;
  takes(edits: readonly PreparedEdit[]): boolean;
}

const isSingle = (edits: readonly PreparedEdit[]): boolean => edits.length === 1 && edits[0]?.channels.length === 1;

async function carriedHere(
  network: TappedNetwork,
  station: Station,
  edits: readonly (readonly PreparedEdit[])[],
  signal: AbortSignal | undefined,
): Promise<CarriedHere | undefined> {
  if (!edits.some(isSingle)) return undefined;
  const lesion = await network.lesion(station.cut, true);
  if (!lesion?.carry) return undefined;
  const live = await network.withAhead(lesion, station.live, signal);
  const weights = contributionsOf(lesion.carry, live);
  const images = imagesAt(station);
  const known = new Map<readonly PreparedEdit[], boolean>();
  return {
    lesion,
    live,
    takes(list) {
      const [edit] = list;
      if (!edit || !isSingle(list)) return false;
      const before = known.get(list);
      if (before !== undefined) return before;
      const takes = weights.every((contributions) => contributions.balances(edit, station.start, images));
      known.set(list, takes);
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
