import type { Command } from 'commander';
import { specTemplate } from '../core/spec/template.js';
import { writeNamed } from './named-file.js';
import { commonOptions } from './session.js';
import { openTerminal } from './terminal.js';

/** `percuss init`: a commented spec to start from. */
export function initCommand(verb: Command): void {
  verb
    .argument('[file]', 'where to write it', 'study.yaml')
    .action(async (file: string, _: unknown, command: Command) => {
      const terminal = openTerminal(commonOptions(command).json === true);
      await writeNamed(file, specTemplate);
      terminal.result({ file }, () => [
        `Wrote ${file}. Next: name your networks and images in it, fill in expect or delete it, then percuss validate ${file}`,
      ]);
    });
}
