import type { EngineProvenance } from '../engine/engine.js';
import type { NetworkFormat } from '../network/import.js';
import {
  engineDevices,
  engineNames,
  hasDevice,
  printNumericMode,
  type DeviceName,
  type EngineName,
  type NumericMode,
} from '../numeric-mode.js';
import type { RunSpec } from '../spec/study-spec.js';

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

/** How `auto` was decided for a study: kept with it. */
export interface ModeChoice {
  readonly chosen: NumericMode;
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

/** How much faster than the usual mode another must be: less is noise, and no reason to leave what is repeatable. */
export const MARGIN = 1.25;

/** Taken where nothing else can be opened: always slower than native code on the same processor. */
const lastResorts: ReadonlySet<DeviceName> = new Set(['wasm', 'js']);
/** Chosen only by name: the definition of operators, a thousandth as fast. */
const neverChosen: ReadonlySet<EngineName> = new Set(['reference']);

/** The mode that is taken where nothing is measured: onnxruntime on the processor, unless the spec says otherwise. */
export function proposedMode(run: Pick<RunSpec, 'engine' | 'device'>): NumericMode {
  const { device } = run;
  const able = engineNames.filter((name) => device === 'auto' || hasDevice(name, device));
  const engine = run.engine === 'auto' ? (able[0] as EngineName) : run.engine;
  return { engine, precision: 'float32', device: device === 'auto' ? engineDevices[engine][0] : device };
}

/** What `auto` may become, the usual one first, and what is left where none of these can be opened. */
export function candidateModes(run: Pick<RunSpec, 'engine' | 'device'>): {
  readonly first: readonly NumericMode[];
  readonly last: readonly NumericMode[];
} {
  const all = engineNames
    .filter((engine) => (run.engine === 'auto' ? !neverChosen.has(engine) : engine === run.engine))
    .flatMap((engine) =>
      engineDevices[engine]
        .filter((device) => run.device === 'auto' || device === run.device)
        .map((device): NumericMode => ({ engine, precision: 'float32', device })),
    );
  const isLast = ({ device }: NumericMode): boolean => run.device === 'auto' && lastResorts.has(device);
  return { first: all.filter((mode) => !isLast(mode)), last: all.filter(isLast) };
}

/** The usual mode (the first), or the fastest of those that are clearly faster over all networks together. */
export function fastestMode(measured: readonly ModeMeasurement[]): NumericMode | undefined {
  const secondsOf = ({ networks, processes }: ModeMeasurement): number =>
    networks.reduce((sum, { imagesPerSecond }) => sum + 1 / imagesPerSecond, 0) / processes;
  const [usual, ...others] = measured;
  if (!usual) return undefined;
  let best = { mode: usual.mode, seconds: secondsOf(usual) / MARGIN };
  for (const other of others) {
    const seconds = secondsOf(other);
    if (seconds < best.seconds) best = { mode: other.mode, seconds };
  }
  return best.mode;
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
): Promise<{ readonly mode: NumericMode; readonly choice?: ModeChoice }> {
  const usual = proposedMode(run);
  const { first, last } = candidateModes(run);
  if (!scout || first.length + last.length <= 1) return { mode: usual };
  const usable = await scout.usable(first);
  if (usable.length === 0) return { mode: (await scout.usable(last))[0] ?? usual };
  const [only] = usable;
  if (usable.length === 1 && only) return { mode: only };
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
  return chosen ? { mode: chosen, choice: { chosen, measured } } : { mode: usual };
}

/** How `auto` was decided, as lines for people. */
export function choiceLines({ chosen, measured }: ModeChoice): readonly string[] {
  return [
    `auto became ${printNumericMode(chosen)}, by what was measured when the study was first stored (another than the first must be ${MARGIN} times as fast):`,
    ...measured.map(({ mode, processes, networks, provenance }) => {
      const rates = networks.map(({ name, imagesPerSecond }) => `${name} ${Number(imagesPerSecond.toPrecision(3))}`);
      return `  ${printNumericMode(mode)} ${provenance.version}: ${rates.join(', ')} images/s a process, ${processes} at a time`;
    }),
  ];
}
