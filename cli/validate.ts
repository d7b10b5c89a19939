import type { Command } from 'commander';
import { commonOptions } from './session.js';
import { counted } from '../core/report/number-format.js';
import { largestParts, refusals, refusedLine, totalOf } from '../core/study/preparing/allowance.js';
import { printBytes, printCount } from '../core/study/print.js';
import { readStudy } from '../core/study/preparing/prepare-study.js';
import { openTerminal } from './terminal.js';

/** `percuss validate`: everything that can be known to be wrong before anything runs. */
export function validateCommand(verb: Command): void {
  verb.argument('<spec>', 'the study’s YAML').action(async (file: string, _: unknown, command: Command) => {
    const terminal = openTerminal(commonOptions(command).json === true);
    const { spec, resolved, notices, counts } = await readStudy(file, terminal.progress);
    const { cells, bytes } = totalOf(counts);
    const refused = refusals({ cells, bytes, seconds: undefined }, spec.run.limit);
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
        most: { cells, bytes },
        refused,
      },
      () => [
        `${file} is right: study ${spec.study} (${resolved.id.slice(0, 12)}), ${counted(spec.models.length, 'network')}, ${counted(spec.ablations.length, 'ablation')}, ${counted(spec.impulses.length, 'set of impulses', 'sets of impulses')}`,
        ...images.map((set) => `  ${set.name}: ${counted(set.images, 'image')}`),
        ...notices.map((line) => `WARNING ${line}`),
        `No network was run: whether labels and preprocessing fit shows in percuss baseline ${file}`,
        `  at most ${printCount(cells)} cells, ${printBytes(bytes)} (percuss plan counts what is missing)`,
        ...(refused.length > 0 ? [...largestParts(counts).map((part) => `  ${part}`), refusedLine(refused)] : []),
      ],
    );
  });
}
