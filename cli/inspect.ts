import { basename } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { anatomyOf } from '../core/anatomy/anatomy.js';
import { describeNetwork, networkLines } from '../core/anatomy/describe.js';
import { sitePositions, type SitePosition } from '../core/anatomy/site-position.js';
import { importNetwork } from '../core/import/import-network.js';
import { readableNetworks } from '../core/import/network-formats.js';
import { readModelFiles } from '../core/study/preparing/resolve-study.js';
import { choice, wordsOf } from '../core/word-table.js';
import { commonOptions } from './session.js';
import { openTerminal } from './terminal.js';

const after = wordsOf(sitePositions);

function parseAfter(text: string): SitePosition {
  const found = after.find((name) => name === text);
  if (!found) throw new InvalidArgumentError(`it is one of ${after.join(', ')}`);
  return found;
}

/** `percuss inspect`: what a network is made of, and where percuss can intervene. */
export function inspectCommand(verb: Command): void {
  verb
    .argument('<model>', readableNetworks)
    .option(
      '--after <where>',
      `how far a site follows its convolution: ${choice(after)}`,
      parseAfter,
      'activation' as SitePosition,
    )
    .option('--output <name>', 'the output that is the network’s answer; else the last')
    .action(async (model: string, options: { after: SitePosition; output?: string }, command: Command) => {
      const terminal = openTerminal(commonOptions(command).json === true);
      const { format, files } = await readModelFiles(model);
      const graph = await importNetwork(basename(model), format, files, model, options.output);
      const anatomy = anatomyOf(graph, { after: options.after, ...(options.output ? { output: options.output } : {}) });
      const description = describeNetwork(graph, anatomy);
      terminal.result(description, () => networkLines(description, process.stdout.columns));
    });
}
