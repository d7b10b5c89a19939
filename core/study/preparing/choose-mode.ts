import { availableParallelism } from 'node:os';
import type { EngineProvenance } from '../../engine/engine.js';
import { processorClass } from '../../engine/processor.js';
import type { NetworkFormat } from '../../import/network-formats.js';
import {
  deviceFacts,
  devicesOf,
  engineFacts,
  engineNames,
  hasDevice,
  printNumericMode,
  type EngineName,
  type NumericMode,
} from '../../numeric-mode.js';
import type { RunSpec } from '../../spec/study-spec.js';

/** A network as its files, for a process that imports it itself. */
export interface NetworkFiles {
  readonly name: string;
  readonly format: NetworkFormat;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** What a mode does with a study's networks on this machine. */
export interface ModeMeasurement {
  readonly mode: NumericMode;
  readonly provenance: EngineProvenance;
  /** Processes that compute side by side without taking speed from each other: cores, or 1 where they share a device. */
  readonly processes: number;
  /** Of one process. */
  readonly networks: readonly { readonly name: string; readonly imagesPerSecond: number }[];
}

/** How `auto` was decided: kept with the study, and in the store for all studies of machines that are alike. */
export interface ModeChoice {
  readonly chosen: NumericMode;
  /** The kind of machine: its class of processor, its cores, and the modes that can be opened. */
  readonly machine: string;
  /** The usual one first. */
  readonly measured: readonly ModeMeasurement[];
}

/** Finds out what modes do on this machine, where a crash of theirs does no harm. */
export interface ModeScout {
  /** Those that can be opened, in the order given. */
  usable(modes: readonly NumericMode[]): Promise<readonly NumericMode[]>;
  /** Undefined where the mode fails on these networks, or takes far too long. */
  measure(mode: NumericMode, networks: readonly NetworkFiles[]): Promise<ModeMeasurement | undefined>;
}

/** What was decided in a store, by kind of machine: the first to decide does so for all. */
export interface MachineChoices {
  known(machine: string): Promise<ModeChoice | undefined>;
  /** What stands afterwards. */
  keep(choice: ModeChoice): Promise<ModeChoice>;
}

/** How much faster than the usual mode another must be: less is noise, and no reason to leave what is repeatable. */
export const MARGIN = 1.25;

/** The mode that is taken where nothing is measured: onnxruntime on the processor, unless the spec says otherwise. */
export function proposedMode(run: Pick<RunSpec, 'engine' | 'device'>): NumericMode {
  const { device } = run;
  const able = engineNames.filter((name) => device === 'auto' || hasDevice(name, device));
  const engine = run.engine === 'auto' ? (able[0] as EngineName) : run.engine;
  return { engine, precision: 'float32', device: device === 'auto' ? devicesOf(engine)[0] : device };
}

/** What `auto` may become, the usual one first, and what is left where none of these can be opened. */
export function candidateModes(run: Pick<RunSpec, 'engine' | 'device'>): {
  readonly first: readonly NumericMode[];
  readonly last: readonly NumericMode[];
} {
  const all = engineNames
    .filter((engine) => (run.engine === 'auto' ? engineFacts[engine].automatic !== 'never' : engine === run.engine))
    .flatMap((engine) =>
      devicesOf(engine)
        .filter((device) => run.device === 'auto' || device === run.device)
        .map((device): NumericMode => ({ engine, precision: 'float32', device })),
    );
  const isLast = ({ device }: NumericMode): boolean =>
    run.device === 'auto' && deviceFacts[device].automatic === 'last';
  return { first: all.filter((mode) => !isLast(mode)), last: all.filter(isLast) };
}

/** Of the whole machine for one image through all networks. */
function secondsOf({ networks, processes }: ModeMeasurement): number {
  return networks.reduce((sum, { imagesPerSecond }) => sum + 1 / imagesPerSecond, 0) / processes;
}

/** The usual mode (the first), or one that is clearly faster; of two that are near each other, the earlier one. */
export function fastestMode(measured: readonly ModeMeasurement[]): NumericMode | undefined {
  let [best] = measured;
  for (const other of measured.slice(1)) if (best && secondsOf(other) < secondsOf(best) / MARGIN) best = other;
  return best?.mode;
}

/** Modes that may be as fast as the one that was chosen, or faster, as far as so short a measurement tells. */
function nearTies({ chosen, measured }: ModeChoice): readonly NumericMode[] {
  const own = measured.find(({ mode }) => printNumericMode(mode) === printNumericMode(chosen));
  if (!own) return [];
  return measured
    .filter((other) => other !== own && secondsOf(other) <= secondsOf(own) * MARGIN)
    .map(({ mode }) => mode);
}

/** The faster of two measurements of each network: what disturbs only makes slower. */
function better(a: ModeMeasurement, b: ModeMeasurement): ModeMeasurement {
  const networks = a.networks.map(({ name, imagesPerSecond }) => {
    const other = b.networks.find((network) => network.name === name)?.imagesPerSecond ?? 0;
    return { name, imagesPerSecond: Math.max(imagesPerSecond, other) };
  });
  return { ...a, networks };
}

/**
 * Decides the mode of a study that has none yet. Nothing is tried where the spec names one, nothing measured where only
 * one can be opened.
 */
export async function decideMode(
  run: Pick<RunSpec, 'engine' | 'device'>,
  networks: () => readonly NetworkFiles[],
  scout: ModeScout | undefined,
  choices?: MachineChoices,
): Promise<{ readonly mode: NumericMode; readonly choice?: ModeChoice }> {
  const usual = proposedMode(run);
  const { first, last } = candidateModes(run);
  if (!scout || first.length + last.length <= 1) return { mode: usual };
  const usable = await scout.usable(first);
  if (usable.length === 0) return { mode: (await scout.usable(last))[0] ?? usual };
  const [only] = usable;
  if (usable.length === 1 && only) return { mode: only };
  const machine = await machineOf(usable);
  const known = await choices?.known(machine);
  // What another study's networks decided need not run these.
  if (known && (await runs(known.chosen, usable, networks, scout))) return { mode: known.chosen, choice: known };
  const measured: ModeMeasurement[] = [];
  for (const mode of usable) {
    const found = await scout.measure(mode, networks());
    if (found) measured.push(found);
  }
  const [usualOne] = measured;
  if (usualOne && fastestMode(measured) !== usualOne.mode) {
    // Something else may have slowed down the usual one just then: it has a second chance before it is left.
    const again = await scout.measure(usualOne.mode, networks());
    if (again) measured[0] = better(usualOne, again);
  }
  const chosen = fastestMode(measured);
  if (!chosen) return { mode: usual };
  const choice = { chosen, machine, measured };
  const kept = known ? choice : ((await choices?.keep(choice)) ?? choice);
  return { mode: kept.chosen, choice: kept };
}

/** Machines of one such name decide alike. */
async function machineOf(usable: readonly NumericMode[]): Promise<string> {
  return `${await processorClass()}, ${availableParallelism()} cores, with ${usable.map(printNumericMode).join(' ')}`;
}

/** The usual mode runs whatever percuss reads; of another one it is tried. */
async function runs(
  mode: NumericMode,
  [usual]: readonly NumericMode[],
  networks: () => readonly NetworkFiles[],
  scout: ModeScout,
): Promise<boolean> {
  if (usual && printNumericMode(usual) === printNumericMode(mode)) return true;
  return (await scout.measure(mode, networks())) !== undefined;
}

/** How `auto` was decided, as lines for people. */
export function choiceLines(choice: ModeChoice): readonly string[] {
  const { chosen, machine, measured } = choice;
  const ties = nearTies(choice).map(printNumericMode);
  return [
    `auto became ${printNumericMode(chosen)}, by what was measured when a study of this store was first stored on such a machine (${machine}); another than the first must be ${MARGIN} times as fast:`,
    ...measured.map(({ mode, processes, networks, provenance }) => {
      const rates = networks.map(({ name, imagesPerSecond }) => `${name} ${Number(imagesPerSecond.toPrecision(3))}`);
      return `  ${printNumericMode(mode)} ${provenance.version}: ${rates.join(', ')} images/s a process, ${processes} at a time`;
    }),
    ...(ties.length > 0
      ? [
          `  a near tie with ${ties.join(', ')}: ${printNumericMode(chosen)} is taken, and stays, since noise would decide otherwise`,
        ]
      : []),
  ];
}
