import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { processorClass } from '../core/engine/processor.js';
import { messageOf, PercussError } from '../core/errors.js';
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

const fileOf = (folder: string): string => path.join(folder, 'calibrations.json');
const nameOf = async (mode: NumericMode): Promise<string> => `${printNumericMode(mode)} on ${await processorClass()}`;

const costs = Object.fromEntries(Object.keys(defaultCost).map((name) => [name, z.number().positive()]));
const calibration = z.object({ cost: z.object(costs), measured: z.string(), engineVersion: z.string() });

/** What was saved, by name. What is no calibration, or one of a version that measured less, counts as never saved. */
async function readAll(folder: string): Promise<ReadonlyMap<string, Calibration>> {
  const file = fileOf(folder);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw new PercussError('USAGE', `${file} cannot be read (${messageOf(error)}): remove it`, { cause: error });
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PercussError('USAGE', `${file} is not JSON: remove it, and save with percuss bench again`, { cause });
  }
  if (typeof value !== 'object' || value === null) return new Map();
  const sound = Object.entries(value).filter(([, saved]) => calibration.safeParse(saved).success);
  return new Map(sound as [string, Calibration][]);
}

/** Undefined where nothing was saved for this mode and kind of processor. */
export async function calibrationOf(mode: NumericMode, folder = stateFolder()): Promise<Calibration | undefined> {
  return (await readAll(folder)).get(await nameOf(mode));
}

/** The cost model that was saved for this machine, for plans and limits of time. */
export async function measuredCost(mode: NumericMode): Promise<CostModel | undefined> {
  return (await calibrationOf(mode))?.cost;
}

/** Keeps a measurement for later plans; says where. */
export async function saveCalibration(mode: NumericMode, saved: Calibration, folder = stateFolder()): Promise<string> {
  const all = Object.fromEntries([...(await readAll(folder)), [await nameOf(mode), saved]]);
  await mkdir(folder, { recursive: true });
  const file = fileOf(folder);
  await writeFile(`${file}.part`, `${JSON.stringify(all, null, 2)}\n`);
  await rename(`${file}.part`, file);
  return file;
}
