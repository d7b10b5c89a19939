import { InvalidArgumentError, type Command } from 'commander';
import { PercussError } from '../core/errors.js';
import {
  deviceNames,
  devicesOf,
  engineNames,
  hasDevice,
  type DeviceName,
  type EngineName,
  type NumericMode,
} from '../core/numeric-mode.js';

export interface EngineChoice {
  readonly engine: EngineName;
  readonly device?: DeviceName;
}

const parserOf =
  <T extends string>(names: readonly T[]) =>
  (text: string): T => {
    const found = names.find((name) => name === text);
    if (found === undefined) throw new InvalidArgumentError(`it is one of ${names.join(', ')}`);
    return found;
  };

export const parseEngine = parserOf(engineNames);
export const parseDevice = parserOf(deviceNames);

/** Adds `--engine` and `--device`. */
export function withEngineOptions(command: Command, usual: EngineName = 'onnxruntime'): Command {
  return command
    .option('--engine <name>', engineNames.join(', '), parseEngine, usual)
    .option('--device <name>', "of the engine's; its first unless given", parseDevice);
}

/** @throws PercussError USAGE where the engine has no such device. */
export function modeOf({ engine, device = devicesOf(engine)[0] }: EngineChoice): NumericMode {
  if (hasDevice(engine, device)) return { engine, precision: 'float32', device };
  throw new PercussError(
    'USAGE',
    `--engine ${engine} does not compute on ${device}; its devices: ${devicesOf(engine).join(', ')}`,
  );
}
