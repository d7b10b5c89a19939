import { cpus, totalmem } from 'node:os';
import type { Command } from 'commander';
import { messageOf } from '../core/errors.js';
import { devicesOf, engineNames, type NumericMode } from '../core/numeric-mode.js';
import type { Progress } from '../core/progress.js';
import { openStore } from '../core/store/open.js';
import { percussVersion } from '../core/study/version.js';
import { connectClient } from '../infra/connection.js';
import { lookAtBinary } from '../infra/obtain/sealed-binary.js';
import { wheelBinary } from '../infra/obtain/wheel.js';
import { temporalWheel } from '../infra/obtain/temporal.js';
import { cacheFolder, storeUrl } from '../infra/settings.js';
import { absoluteStoreUrl } from '../core/store/url.js';
import { askEngine } from '../workers/engine-process.js';
import type { CommonOptions } from './session.js';
import { findIdentity } from './find-identity.js';
import { scrubCommand } from './scrub.js';
import { findTemporal } from './temporal.js';
import { openTerminal } from './terminal.js';

interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly value: string;
  readonly source: string;
  /** Of an engine on a device. */
  readonly engine?: {
    readonly mode: NumericMode;
    readonly version: string | null;
    readonly processor: string | null;
    /** On `speedOf`; null where it can't be used. */
    readonly gflops: number | null;
  };
}

/** Said once, so that the numbers mean something. */
const speedOf = '4 convolutions 3x3 of 64 channels at 16x16, one process';

async function find(what: string, source: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return { what, ok: true, value: await look(), source };
  } catch (error) {
    return { what, ok: false, value: messageOf(error), source };
  }
}

/** Every engine on every device, one process each: drivers may crash, or never come back. */
async function findEngines(progress: Progress): Promise<Finding[]> {
  const modes = engineNames.flatMap((engine) =>
    devicesOf(engine).map((device): NumericMode => ({ engine, precision: 'float32', device })),
  );
  const findings: Finding[] = [];
  for (const [done, mode] of modes.entries()) {
    const { engine, device } = mode;
    const what = `${engine} on ${device}`;
    progress({ phase: 'prepare', label: `trying ${what}`, done, total: modes.length, unit: 'steps' });
    try {
      const { provenance, chain } = await askEngine({ kind: 'speed', mode }, { timeoutSeconds: 30 });
      const { version, processor } = provenance;
      const gflops = chain ? Number(chain.gflops.toPrecision(3)) : null;
      const value = `${version}, ${gflops ?? '?'} GFLOP/s (${processor})`;
      findings.push({ what, ok: true, value, source: 'engine', engine: { mode, version, processor, gflops } });
    } catch (error) {
      const nothing = { version: null, processor: null, gflops: null };
      findings.push({ what, ok: false, value: messageOf(error), source: 'engine', engine: { mode, ...nothing } });
    }
  }
  return findings;
}

/** The pinned binary in the cache. @throws Error if it is there and must not be run. */
async function findServerBinary(): Promise<string> {
  const binary = wheelBinary(temporalWheel, { cache: cacheFolder() });
  if (binary === undefined) return 'no wheel for this platform';
  const look = await lookAtBinary(binary, temporalWheel.binaries[`${process.platform}-${process.arch}`]);
  if (look.state === 'altered') throw new Error(`${binary} is not run: ${look.reason}; the next run fetches it again`);
  return look.state === 'absent' ? `${binary} (not fetched yet)` : binary;
}

/** `percuss doctor`: what percuss would use here, and where it was taken from. */
export function doctorCommand(verb: Command): void {
  verb
    .option('--scrub', 'read every object of the store, and set aside what is damaged')
    .option('--mend-store', 'write a damaged store.json anew; what was there is set aside')
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<
        CommonOptions & { temporal?: string; mendStore?: boolean; scrub?: boolean }
      >();
      if (options.scrub === true) return scrubCommand(options);
      const terminal = openTerminal(options.json === true);
      const store = storeUrl(options.store);
      const findings: Finding[] = [
        await find('percuss', 'package', () => Promise.resolve(percussVersion)),
        await find('node', 'process', () => Promise.resolve(process.version)),
        await find('machine', 'system', () =>
          Promise.resolve(`${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`),
        ),
        ...(await findEngines(terminal.progress)),
        await find('store', store.source, async () => {
          const opened = await openStore(absoluteStoreUrl(store.value));
          try {
            return await findIdentity(opened, options.mendStore === true, (line) => terminal.say(line));
          } finally {
            await opened.close();
          }
        }),
        await find('temporal', 'settings', async () => {
          const found = await findTemporal(options.temporal);
          await (await connectClient(found)).connection.close();
          return `${found.address}, namespace ${found.namespace} (${found.source})`;
        }),
        await find('cache', 'settings', () => Promise.resolve(cacheFolder())),
        await find('temporal server binary', 'cache', () => findServerBinary()),
      ];
      terminal.result(findings, () => [
        ...findings.map(({ what, ok, value, source }) => `${ok ? 'ok ' : '-- '} ${what}: ${value}  [${source}]`),
        `GFLOP/s: ${speedOf}; percuss bench measures a network of yours`,
      ]);
    });
}
