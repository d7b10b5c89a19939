import { architectureOf, speaksFor } from '../training-name.js';
import { Cursor, fieldsOf, type Fields } from './cursor.js';
import { askedImages } from './compared-impulses.js';
import { defaults } from './defaults.js';
import { Positions, sortIssues, type SpecIssue } from './issue.js';
import type { Surroundings } from './paths.js';
import { readAblation } from './read-ablation.js';
import { readAnalysis, readRun } from './read-analysis.js';
import { readData } from './read-data.js';
import { readImpulse } from './read-impulse.js';
import { networkNames, readDefaults, readModel } from './read-model.js';
import type { ImpulseSpec, StudySpec } from './study-spec.js';
import { parseTree, type SpecNode } from './tree.js';
import { checkName, entriesOf, number, text } from './value.js';
import { keys } from './vocabulary.js';

export interface ParsedSpec {
  /** Missing where anything is wrong. */
  readonly spec?: StudySpec;
  /** What could be read of it all the same; what is wrong, or missing, has its default or a stand-in. */
  readonly draft?: StudySpec;
  readonly positions: Positions;
  /** In the order of the file. */
  readonly issues: readonly SpecIssue[];
}

/**
 * Reads a study from YAML. Never throws for what stands in the text: every mistake comes back, with its place.
 *
 * @param file the spec's own path, for messages, and for the paths in it, which are relative to it.
 * @param fileExists asked for each local file or folder that the spec names, by absolute path.
 * @param namesIn the names in a folder, for what may have been meant.
 */
export function parseStudySpec(
  text: string,
  file: string,
  fileExists: (path: string) => boolean,
  namesIn: (folder: string) => readonly string[] = () => [],
): ParsedSpec {
  const positions = new Positions(file, text);
  const { root, problems } = parseTree(text);
  const issues: SpecIssue[] = problems.map(({ place, message, hint }) => positions.issue('', message, hint, { place }));
  if (!root && problems.length === 0) {
    issues.push(positions.issue('', 'the file is empty', 'percuss init writes a spec to start from'));
  }
  const found: SpecIssue[] = [];
  const spec = root && readStudy(new Cursor(positions, found, root, ''), { file, fileExists, namesIn });
  // Behind a place where the parser lost its way, and about keys that it may have lost, nothing certain can be said.
  const lost = problems.reduce(
    (least, problem) => (problem.lost ? Math.min(least, problem.place.line) : least),
    Infinity,
  );
  const certain = found.filter(({ line, message }) => line < lost && (lost === Infinity || !/missing/.test(message)));
  const sorted = sortIssues([...issues, ...certain]);
  return {
    positions,
    issues: sorted,
    ...(spec && lost === Infinity ? { draft: spec } : {}),
    ...(spec && sorted.length === 0 ? { spec } : {}),
  };
}

function readStudy(root: Cursor, surroundings: Surroundings): StudySpec | undefined {
  const fields = fieldsOf(root, keys.study, {
    ablation: 'did you mean "ablations"?',
    name: 'did you mean "study"?',
    model: 'did you mean "models"?',
  });
  if (!fields) return undefined;
  const version = number('version 1', (value) => value === 1);
  fields.required('version', version, 1, 'write version: 1');
  const data = entriesOf(fields.get('data'), 'image sets', (name, entry) => readData(name, entry, surroundings));
  // Names count even where their entry could not be read, lest one mistake is reported at every use of the name.
  const names = fields.get('data')?.keys ?? [];
  const inherited = readDefaults(fields.get('defaults'), names);
  const context = { surroundings, names, defaults: inherited };
  const models = entriesOf(fields.get('models'), 'models', (name, entry) => readModel(name, entry, context)).flat();
  requireEntries(fields, 'data', 'declare at least one image set: NAME: { format: …, files: […] }');
  requireEntries(fields, 'models', 'declare at least one network: NAME: { file: … }');
  const modelNames = networkNames(fields.get('models'));
  const spec: StudySpec = {
    version: 1,
    study: fields.required('study', studyName, '', 'give the study a name'),
    seed: fields.optional('seed', number('a whole number from 0', isSeed), defaults.seed),
    data,
    models,
    ablations: entriesOf(fields.get('ablations'), 'ablations', (name, entry) => readAblation(name, entry, modelNames)),
    impulses: entriesOf(fields.get('impulses'), 'impulses', (name, entry) => readImpulse(name, entry, modelNames)),
    analysis: readAnalysis(fields.get('analysis'), modelNames),
    run: readRun(fields.get('run')),
  };
  for (const impulse of spec.impulses) checkBases(impulse, spec, fields);
  return spec;
}

const isSeed = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

const studyName = (cursor: Cursor): string | undefined => {
  const name = text(cursor);
  return name !== undefined && checkName(name, cursor) ? name : undefined;
};

function requireEntries(fields: Fields, key: string, hint: string): void {
  const given = fields.get(key);
  if (!given) fields.cursor.fail(`"${key}" is missing`, hint);
  else if (given.isNothing || isEmptyMap(given.node)) given.fail(`${key} is empty`, hint);
}

const isEmptyMap = (node: SpecNode): boolean => node.kind === 'map' && node.entries.size === 0;

/** Bases are the first images of a reference set, which must have as many. */
function checkBases(impulse: ImpulseSpec, spec: StudySpec, fields: Fields): void {
  for (const { key, images } of askedImages(impulse)) {
    for (const model of spec.models.filter(({ name }) => speaksFor(name, impulse.models))) {
      const available = spec.data.find(({ name }) => name === model.reference)?.images;
      if (available === undefined || images <= available) continue;
      const cursor = fields.get('impulses')?.child(impulse.name);
      const at = key.split('.').reduce((from, name) => from?.child(name), cursor) ?? cursor;
      at?.fail(
        `${images} images, but the reference set ${model.reference} of ${architectureOf(model.name)} has ${available}`,
      );
    }
  }
}
