import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { PercussError } from '../core/errors.js';
import { specTemplate } from '../core/spec/template.js';
import { commonOptions } from './session.js';
import { openTerminal } from './terminal.js';

/** `percuss init`: a commented spec to start from. */
export function initCommand(verb: Command): void {
  verb
    .argument('[file]', 'where to write it', 'study.yaml')
    .action(async (file: string, _: unknown, command: Command) => {
      const terminal = openTerminal(commonOptions(command).json === true);
      try {
        await writeFile(file, specTemplate, { flag: 'wx' });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        throw new PercussError('USAGE', `${file} exists already; name another file, or remove it first`);
      }
      terminal.result({ file }, () => [
        `Wrote ${file}. Next: name your networks and images in it, fill in expect or delete it, then percuss validate ${file}`,
      ]);
    });
}
