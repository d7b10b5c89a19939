import { PlantedChain } from './chain.js';
import type { KindName } from './kinds.js';
import { plantAlone, randomInstead, type Soil } from './networks.js';
import { impulsesOn, runNetworks, type StudySize } from './study.js';

/** Systemic redundancy of a network, with its interval. */
export interface Systemic {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** How many kernels are carried over the depth, and how many times as strong as they are. */
export interface Dose {
  readonly kernels: number;
  readonly times: number;
}

/** Of a network with kernels planted into it, and of the same with as many random kernels at the same layers instead. */
export interface SystemicScore {
  readonly planted: Systemic;
  readonly random: Systemic;
}

/**
 * Copies of the most active kernels of the first plot, made so much stronger in the layer behind it and passed on by every later one but
 * that which the head reads.
 */
function carriedOver({ graph, plots, sources }: Soil, { kernels, times }: Dose): PlantedChain {
  const chain = new PlantedChain(graph);
  for (const { kernel } of sources.slice(0, kernels)) {
    let channel = kernel;
    for (let layer = plots.second; layer < chain.layers.length - 1; layer++)
      channel = chain.plant(layer, chain.passing(layer, new Map([[channel, layer === plots.second ? times : 1]])));
  }
  return chain;
}

/** A planting alone against random kernels in its place: two networks, so that nothing else is compared. */
async function scoreOf(soil: Soil, chain: PlantedChain, size: StudySize): Promise<SystemicScore> {
  const networks = new Map([
    ['planted', chain.build()],
    ['random', randomInstead(soil, chain).build()],
  ]);
  const { models } = await runNetworks(networks, size, { impulses: impulsesOn(size.bases) }, ['models']);
  const of = (name: string): Systemic => {
    const row = models.find(({ model }) => model === name);
    return { value: row?.sr ?? null, low: row?.sr_low ?? null, high: row?.sr_high ?? null };
  };
  return { planted: of('planted'), random: of('random') };
}

/** Systemic redundancy of every kind, and of copies carried over the depth, by their number. */
export async function systemicScores(
  soil: Soil,
  {
    kinds,
    doses,
    ...size
  }: StudySize & {
    readonly kinds: readonly KindName[];
    readonly doses: readonly Dose[];
  },
): Promise<ReadonlyMap<string, SystemicScore>> {
  const scores = new Map<string, SystemicScore>();
  for (const kind of kinds) scores.set(kind, await scoreOf(soil, plantAlone(soil, kind).chain, size));
  for (const dose of doses) {
    const strong = dose.times === 1 ? '' : `, ${dose.times} times as strong`;
    scores.set(`${dose.kernels} carried over the depth${strong}`, await scoreOf(soil, carriedOver(soil, dose), size));
  }
  return scores;
}
