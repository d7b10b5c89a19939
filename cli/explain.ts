import type { Command } from 'commander';
import { PercussError } from '../core/errors.js';
import { printBytes } from '../core/study/print.js';
import { canonicalJson } from '../core/canonical.js';
import type { Ledger } from '../core/ledger/ledger.js';
import { shareWords } from '../core/spec/shares.js';
import { fills } from '../core/spec/words/fills.js';
import { explainCell, type CellExplanation } from '../core/study/explaining/explain-cell.js';
import { explainSpec, explainStored, type StudyExplanation } from '../core/study/explaining/explain-study.js';
import type { CellQuery } from '../core/study/explaining/found-condition.js';
import type { Difference } from '../core/study/explaining/study-differences.js';
import { catalogAtHand, readStudy, standingMode } from '../core/study/preparing/prepare-study.js';
import { storedStudy } from '../core/study/verifying/verify.js';
import { wordsOf } from '../core/word-table.js';
import { wholeNumber } from './number-option.js';
import { openReading, type CommonOptions, type Session } from './session.js';
import { findStudy } from './study-name.js';

interface ExplainOptions extends CommonOptions, CellQuery {
  readonly against?: string;
}

/** Any index that a study may have. */
const index = wholeNumber(0, 2 ** 31);

/** `percuss explain`: why a study would compute anything anew; of one cell, what its key is made of, and whether it is stored. */
export function explainCommand(verb: Command): void {
  verb
    .argument('<study-or-spec>', 'the name or id of a stored study, or a spec file')
    .option('--against <study>', 'compare with this stored study, not with the nearest')
    .option('--ablation <name>', 'of one cell: the ablation; left out, the intact network')
    .option('--model <name>', 'of one cell: the network; may be left out where there is one')
    .option('--layer <name>', 'the layer, block or stream that is removed, or of which a channel is')
    .option('--channel <n>', 'that is removed, from 0', index)
    .option('--fill <name>', `what is put in its place: ${wordsOf(fills).join(', ')}; else the first`)
    .option('--condition <n>', 'instead of layer, channel and fill: the number of the condition, from 0', index)
    .option('--chunk <n>', 'of 250 images, from 0; of an adaptive ablation a piece of its waves', index)
    .action(async (asked: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<ExplainOptions>();
      if (options.against !== undefined && isOfCell(options))
        throw new PercussError('USAGE', '--against compares studies; of a cell the nearest stored one is told');
      const session = await openReading(options);
      try {
        await (isOfCell(options) ? cell(session, asked, options) : study(session, asked, options));
      } finally {
        await session.close();
      }
    });
}

const isSpec = (asked: string): boolean => /\.ya?ml$/i.test(asked);
const isOfCell = ({ ablation, model, layer, channel, condition, chunk }: ExplainOptions): boolean =>
  [ablation, model, layer, channel, condition, chunk].some((part) => part !== undefined);

async function againstOf(ledger: Ledger, asked: string | undefined): Promise<string | undefined> {
  return asked === undefined ? undefined : (await findStudy(ledger, asked)).id;
}

async function study({ ledger, terminal }: Session, asked: string, { against }: ExplainOptions): Promise<void> {
  let found: StudyExplanation;
  if (isSpec(asked)) {
    const checked = await readStudy(asked, terminal.progress);
    const { spec, resolved } = checked;
    const { mode } = await standingMode(ledger, resolved.id, spec.run);
    const read = { resolved, spec, mode, catalog: catalogAtHand(checked) };
    found = await explainSpec(ledger, read, await againstOf(ledger, against));
  } else {
    const { id } = await findStudy(ledger, asked);
    found = await explainStored(ledger, id, await againstOf(ledger, against));
  }
  terminal.result(found, () => studyLines(found));
}

async function cell({ ledger, terminal }: Session, asked: string, options: ExplainOptions): Promise<void> {
  const { ablation, model, layer, channel, fill, condition, chunk } = options;
  const query: CellQuery = Object.fromEntries(
    Object.entries({ ablation, model, layer, channel, fill, condition, chunk }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const id = isSpec(asked)
    ? (await readStudy(asked, terminal.progress)).resolved.id
    : (await findStudy(ledger, asked)).id;
  const ref = await storedStudy(ledger, id);
  const found = await explainCell(ledger, ref, query);
  terminal.result(found, () => cellLines(found));
}

function differenceLine({ component, share, here, there }: Difference): string {
  return `  ${component}: ${here ?? 'nothing'} here, ${there ?? 'nothing'} there (${shareWords[share]})`;
}

function studyLines(found: StudyExplanation): readonly string[] {
  const { study: id, name, numericMode, known, units, missing, setAside, nearest } = found;
  const left = units.total - units.stored - units.failed;
  const failed = units.failed > 0 ? `, ${units.failed} failed and are tried again` : '';
  const anew = left === 0 ? 'nothing would be computed' : `${left} would be computed`;
  return [
    `${name} (${id.slice(0, 12)}) on ${numericMode}${known ? '' : ', not stored yet'}: ${units.stored} of ${units.total} units are stored${failed}; ${anew}`,
    ...missing.map(({ model, part, units: count }) => `  ${model} · ${part}: ${count} missing`),
    ...Object.entries(setAside).map(
      ([reason, count]) => `  ${count} ${count === 1 ? 'object was' : 'objects were'} set aside: ${reason}`,
    ),
    ...(nearest
      ? [
          nearest.differences.length === 0
            ? `the nearest stored study, ${nearest.study} (${nearest.id.slice(0, 12)}), is the same but for what is not told apart here`
            : `the nearest stored study is ${nearest.study} (${nearest.id.slice(0, 12)}, of ${nearest.created.slice(0, 16)}); what differs:`,
          ...nearest.differences.map(differenceLine),
        ]
      : ['no other study is stored to compare with']),
  ];
}

function cellLines(found: CellExplanation): readonly string[] {
  const { key, network, ablation, condition, parts, state, because, objects, submissions, nearest } = found;
  const what = ablation === null ? 'the intact network' : `${ablation}, condition ${condition ?? 0}`;
  return [
    `${key}: ${what}, of ${network}: ${state === 'stored' ? 'stored' : `not stored (${because ?? state})`}`,
    ...objects.flatMap(({ key: object, bytes, written, computedBy }) => [
      `  in ${object} (${printBytes(bytes)}${written === null ? '' : `, written ${written}`})`,
      `  computed by ${computedBy ?? 'what its object does not say'}`,
    ]),
    `  ${submissions} submission${submissions === 1 ? '' : 's'} of the study; worker and attempt are not kept, so that equal work gives equal bytes`,
    'the key is the SHA-256 of:',
    ...parts.flatMap(({ part, value, of }) => [
      `  ${part}: ${typeof value === 'string' ? value : canonicalJson(value)}`,
      ...Object.entries(of).map(([name, inner]) => `    ${name}: ${canonicalJson(inner)}`),
    ]),
    ...(nearest
      ? [
          `the nearest other stored cell is ${nearest.key.slice(0, 12)}${nearest.study === null ? '' : ` (of ${nearest.study})`}; what differs:`,
          ...nearest.differences.map(differenceLine),
        ]
      : ['no other cell of these channels is stored']),
  ];
}
