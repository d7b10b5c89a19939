// Pages, and parts of pages, that are made from code. `npm run docs` writes them; test/house/documents.test.ts fails where one is stale.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { withResults } from '../dist/bench/performance-document.js';
import { percuss } from '../dist/cli/program.js';
import { verbs } from '../dist/cli/verbs.js';
import { kernelMeasures } from '../dist/core/analysis/kernel-measures.js';
import { similarityMeasures } from '../dist/core/analysis/similarity.js';
import { errorCodes, errorKinds } from '../dist/core/error-codes.js';
import { limits } from '../dist/core/limits.js';
import { devicesOf, engineNames, stateOf } from '../dist/core/numeric-mode.js';
import { studyJsonSchema } from '../dist/core/spec/json-schema.js';
import { sentences } from '../dist/core/report/sentences.js';
import { withTables } from '../dist/core/spec/spec-document.js';
import { tablesDocument } from '../dist/core/tables/document.js';
import { apiDocument } from '../dist/infra/api-document.js';

const root = new URL('../', import.meta.url);
const json = (value) => format(JSON.stringify(value), { parser: 'json', printWidth: 120 });

/** A Markdown table; a bar within a cell would end it. */
function table(heads, rows) {
  const line = (cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), `|${heads.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

/** A bound: bytes by powers of 1024. */
function bound({ value, unit }) {
  if (unit !== 'bytes') return `${String(value).replace(/\B(?=(\d{3})+$)/g, ',')} ${unit}`;
  const [divisor, name] = value % 2 ** 30 === 0 ? [2 ** 30, 'GiB'] : [2 ** 20, 'MiB'];
  return `${value / divisor} ${name}`;
}

const codes = () =>
  table(
    ['code', 'kind', 'exit', 'when', 'what to do'],
    Object.entries(errorCodes).map(([code, { kind, when, advice }]) => [
      `\`${code}\``,
      kind,
      errorKinds[kind].exit,
      when,
      advice,
    ]),
  );

const bounds = () =>
  table(
    ['limit', 'at most', 'what'],
    Object.entries(limits).map(([name, limit]) => [`\`${name}\``, bound(limit), limit.what]),
  );

const engines = () =>
  table(
    ['engine', 'device', 'state'],
    engineNames.flatMap((engine) =>
      devicesOf(engine).map((device) => [`\`${engine}\``, `\`${device}\``, stateOf(engine, device)]),
    ),
  );

const betweenSites = () =>
  table(
    ['measure', 'columns of `similarity`', 'what it is', 'does not say', 'source', 'code'],
    Object.entries(similarityMeasures).map(([name, { symbol, excess, definition, doesNotSay, source, file }]) => [
      symbol,
      `\`${name}\`, \`${name}_null\`, \`${excess}\``,
      definition,
      doesNotSay,
      source,
      `\`${file}\``,
    ]),
  );

const ofKernels = () =>
  table(
    ['predictor', 'column of `kernels`', 'unit', 'what it is', 'source'],
    Object.entries(kernelMeasures).map(([name, { unit, definition, source, covariate }]) => [
      `\`${name}\`${covariate ? ' (held constant for `partial`)' : ''}`,
      `\`${name.replaceAll('-', '_')}\``,
      unit,
      definition,
      source,
    ]),
  );

const ofSummary = () =>
  table(
    ['what it says', 'of what', 'how, and when it holds back', 'known answers', 'test'],
    Object.values(sentences).map(({ says, estimand, method, known, test }) => [
      says,
      estimand,
      method,
      known,
      `\`${test}\``,
    ]),
  );

/** What options a verb has besides those of all verbs; their defaults may be the machine's, so none is shown. */
const optionsOf = ({ options }) => options.filter(({ long }) => !commonOptions.includes(long));
const commonOptions = ['--store', '--temporal', '--json', '--debug'];
const described = ({ flags, description }) => [`\`${flags}\``, description];

const overview = () =>
  table(
    ['verb', 'what it does'],
    Object.entries(verbs).map(([name, { summary }]) => [`[\`${name}\`](#${name})`, summary]),
  );

/** Usage, arguments and options of every verb, as its help has them. */
async function details() {
  const sections = [];
  for (const name of Object.keys(verbs)) {
    const verb = (await percuss([name])).commands.find((command) => command.name() === name);
    const rows = [
      ...verb.registeredArguments.map((argument) => [`\`${argument.name()}\``, argument.description]),
      ...optionsOf(verb).map(described),
    ];
    sections.push(`## ${name}\n\n\`percuss ${name} ${verb.usage()}\`: ${verb.description()}.`);
    if (rows.length > 0) sections.push(table(['argument or option', 'what it is'], rows));
  }
  return sections.join('\n\n');
}

async function forAll() {
  const { options } = (await percuss(['list'])).commands.find((command) => command.name() === 'list');
  return table(['option', 'what it is'], options.filter(({ long }) => commonOptions.includes(long)).map(described));
}

/** Results of benches, in the order of their names. */
function results() {
  const folder = new URL('bench/results/', root);
  return readdirSync(folder)
    .sort()
    .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')));
}

/**
 * One row a document: `whole` makes all of it, `parts` what stands between `<!-- made from code: NAME -->` and
 * `<!-- end: NAME -->`, `again` all of it from what it is now.
 */
export const documents = [
  { file: 'docs/study.schema.json', whole: () => json(studyJsonSchema()) },
  { file: 'docs/api.md', whole: () => apiDocument(fileURLToPath(root)) },
  { file: 'docs/spec.md', again: withTables },
  { file: 'docs/tables.md', whole: tablesDocument },
  { file: 'docs/commands.md', parts: { verbs: overview, options: forAll, details } },
  { file: 'docs/engines.md', parts: { engines } },
  { file: 'docs/errors.md', parts: { codes } },
  { file: 'docs/limits.md', parts: { limits: bounds } },
  { file: 'docs/measures.md', parts: { 'between sites': betweenSites, 'of kernels': ofKernels } },
  { file: 'docs/science.md', parts: { sentences: ofSummary } },
  { file: 'docs/performance.md', again: (page) => withResults(page, results()) },
];

/** The page with what stands between a part's marks made anew. */
function withPart(file, page, name, made) {
  const [opening, closing] = [`<!-- made from code: ${name} -->\n`, `<!-- end: ${name} -->`];
  const [from, to] = [page.indexOf(opening), page.indexOf(closing)];
  if (from < 0 || to < from) throw new Error(`${file} has no place for what is made from code: ${opening}${closing}`);
  return `${page.slice(0, from)}${opening}\n${made}\n\n${page.slice(to)}`;
}

/** A document as it should be now. */
export async function made({ file, whole, parts = {}, again = (page) => page }) {
  if (whole) return whole();
  let page = again(readFileSync(new URL(file, root), 'utf8'));
  for (const [name, make] of Object.entries(parts)) page = withPart(file, page, name, await make());
  return page;
}
