import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { processorClass } from '../core/engine/processor.js';
import { PercussError } from '../core/errors.js';
import { printNumericMode, type NumericMode } from '../core/numeric-mode.js';
import { defaultCost, type CostModel } from '../core/plan/cost.js';
import { stateFolder } from './settings.js';

/** What `percuss bench --save` measured of a mode on this kind of processor. */
export interface Calibration {
  readonly cost: CostModel;
  /** ISO 8601. */
  readonly measured: string;
  readonly engineVersion: string;
}

type Calibrations = Readonly<Record<string, Calibration>>;

const fileOf = (folder: string): string => path.join(folder, 'calibrations.json');
const nameOf = async (mode: NumericMode): Promise<string> => `${printNumericMode(mode)} on ${await processorClass()}`;

async function readAll(folder: string): Promise<Calibrations> {
  const file = fileOf(folder);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  try {
    return JSON.parse(text) as Calibrations;
  } catch (cause) {
    throw new PercussError('USAGE', `${file} is not JSON: remove it, and save with percuss bench again`, { cause });
  }
}

/** Undefined where nothing was saved for this mode and kind of processor, or by a version that measured less. */
export async function calibrationOf(mode: NumericMode, folder = stateFolder()): Promise<Calibration | undefined> {
  const found = (await readAll(folder))[await nameOf(mode)];
  return found && Object.keys(defaultCost).every((name) => name in found.cost) ? found : undefined;
}

/** The cost model that was saved for this machine, for plans and limits of time. */
export async function measuredCost(mode: NumericMode): Promise<CostModel | undefined> {
  return (await calibrationOf(mode))?.cost;
}

/** Keeps a measurement for later plans; says where. */
export async function saveCalibration(
  mode: NumericMode,
  calibration: Calibration,
  folder = stateFolder(),
): Promise<string> {
  const all = { ...(await readAll(folder)), [await nameOf(mode)]: calibration };
  await mkdir(folder, { recursive: true });
  const file = fileOf(folder);
  await writeFile(`${file}.part`, `${JSON.stringify(all, null, 2)}\n`);
  await rename(`${file}.part`, file);
  return file;
}
