import { limits } from '../limits.js';
import { devicesOf, engineNames } from '../numeric-mode.js';
import { defaultRun, leastMemory } from './defaults.js';
import { above0, oneOf, section, whole } from './schema-keyword.js';
import { keys, vocabulary } from './vocabulary.js';

const havings = engineNames.map(
  (engine) =>
    `${engine} has ${devicesOf(engine)
      .map((device) => `\`${device}\``)
      .join(', ')}`,
);

/** How to run; no part of what a study is. */
export const runSchema = section(keys.run, {
  engine: oneOf(
    vocabulary.engine,
    '`auto` measures what is here when the study is first stored (docs/engines.md). What a study was first stored with stands for all its later runs.',
    defaultRun.engine,
  ),
  device: oneOf(
    vocabulary.device,
    `As \`engine\`. Not every engine has every device: ${havings.join('; ')}.`,
    defaultRun.device,
  ),
  onFailure: oneOf(
    vocabulary.onFailure,
    'What a unit that cannot be computed does to the study.',
    defaultRun.onFailure,
  ),
  workers: whole(
    1,
    'Compute processes of `percuss run`; `--workers` goes before it. Default: one a core.',
    undefined,
    limits.workers.value,
  ),
  memory: whole(
    leastMemory,
    'Bytes that one compute process of `percuss run` may hold, on Linux; `--memory` goes before it. One that holds more is ended, and its batch halved, down to the unit. Default: none.',
  ),
  batchSeconds: above0(
    'Predicted seconds of one batch, less towards the end of a stage: how the work is divided, no part of what it is.',
    defaultRun.batchSeconds,
  ),
  limit: section(
    keys.limit,
    {
      hours: above0('Predicted hours of one process.', defaultRun.limit.hours),
      bytes: whole(1, 'Predicted bytes to store.', defaultRun.limit.bytes),
      cells: whole(
        1,
        'Cells (conditions × chunks of 250 images) and groups of impulses (places × bases × seeded positions × networks, nulls with them) to compute.',
        defaultRun.limit.cells,
      ),
    },
    [],
    { description: 'Above any of these a study refuses to start.' },
  ),
});
