import { availableParallelism } from 'node:os';
import { PercussError } from '../core/errors.js';
import { printNumericMode, type DeviceName, type NumericMode } from '../core/numeric-mode.js';
import { silent, type Progress } from '../core/progress.js';
import type { ModeScout } from '../core/study/preparing/choose-mode.js';
import { askEngines, type AskOptions, type EngineOutcome } from './engine-process.js';

/** Devices that all processes of a machine share, so that more of them are not faster. */
export const sharedDevices: ReadonlySet<DeviceName> = new Set(['cuda', 'tensorrt', 'webgpu']);

/** Tries modes in processes of their own. */
export function modeScout(options: AskOptions & { readonly progress?: Progress } = {}): ModeScout {
  const progress = options.progress ?? silent;
  const told = (label: string): void => progress({ phase: 'prepare', label, done: 0, total: 1, unit: 'steps' });
  const isAbsent = (outcome: EngineOutcome): boolean => {
    if ('answer' in outcome) return false;
    if (outcome.error.code === 'ENGINE_UNAVAILABLE' || outcome.error.code === 'ENGINE_FAILED') return true;
    throw outcome.error;
  };
  return {
    async usable(modes) {
      told('looking for engines');
      const asked = { timeoutSeconds: 20, ...options };
      const outcomes = await Promise.all(modes.map((mode) => askEngines([{ kind: 'open', mode }], asked)));
      return modes.filter((_, i) => !isAbsent(outcomes[i]?.[0] as EngineOutcome));
    },
    async measure(mode: NumericMode, networks) {
      told(`measuring ${printNumericMode(mode)}`);
      const asked = { timeoutSeconds: 30, ...options };
      const [outcome] = await askEngines([{ kind: 'networks', mode, networks }], asked);
      if (!outcome) throw new PercussError('BUG', 'an engine was asked and gave no answer');
      if (isAbsent(outcome) || !('answer' in outcome)) return undefined;
      const { provenance, networks: times = [] } = outcome.answer;
      const processes = sharedDevices.has(mode.device) ? 1 : availableParallelism();
      return {
        mode,
        provenance,
        processes,
        networks: times.map(({ name, imagesPerSecond }) => ({ name, imagesPerSecond })),
      };
    },
  };
}
