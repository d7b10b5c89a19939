import type { Command } from 'commander';
import { commonOptions } from './session.js';
import { readStudy } from '../core/study/prepare-study.js';
import { openTerminal } from './terminal.js';

/** `percuss validate`: everything that can be known to be wrong before anything runs. */
export function validateCommand(program: Command): void {
  program
    .command('validate')
    .description('check a spec against its networks and images; shows every mistake at once')
    .argument('<spec>', 'the study’s YAML')
    .action(async (file: string, _: unknown, command: Command) => {
      const terminal = openTerminal(commonOptions(command).json === true);
      const { spec, resolved, notices } = await readStudy(file, terminal.progress);
      const images = resolved.study.data.map((set) => ({
        name: set.name,
        images: set.chunks.reduce((sum, chunk) => sum + chunk.images, 0),
      }));
      terminal.result(
        {
          study: resolved.id,
          name: spec.study,
          models: spec.models.map((model) => model.name),
          images,
          warnings: notices,
        },
        () => [
          `${file} is right: study ${spec.study} (${resolved.id.slice(0, 12)}), ${spec.models.length} networks, ${spec.ablations.length} ablations, ${spec.impulses.length} sets of impulses`,
          ...images.map((set) => `  ${set.name}: ${set.images} images`),
          ...notices.map((line) => `WARNING ${line}`),
          `No network was run: whether labels and preprocessing fit shows in percuss baseline ${file}`,
        ],
      );
    });
}
