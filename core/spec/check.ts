import { inputProblem } from '../data/preprocess.js';
import { limits } from '../limits.js';
import type { Graph } from '../network/graph.js';
import type { Anatomy } from '../anatomy/site.js';
import { speaksFor } from '../training-name.js';
import { checkLabels } from './check-labels.js';
import { checkAblation, checkImpulse } from './check-selection.js';
import { checkUnrelated } from './check-nulls.js';
import { checkResolve } from './check-resolve.js';
import { checkTrainings } from './check-trainings.js';
import { suggestion } from './cursor.js';
import { modelPath } from './model-path.js';
import { sortIssues, type Positions, type SpecIssue } from './issue.js';
import type { AblationSpec, AnalysisSpec, ModelSpec, StudySpec } from './study-spec.js';
import { fills, SUBSTITUTE_FOLDS } from './words/fills.js';
import { outputKinds } from './words/output-kinds.js';
import type { Fail, ImageFacts, SpecSubjects } from './subjects.js';

export type { ImageFacts, SpecSubjects };

/**
 * Checks a spec against the networks and images it names: everything that would otherwise fail, or quietly answer
 * another question, after hours of work. A mistake that concerns several models is reported for each; trainings of one architecture
 * are held to be alike, and then the first of them stands for all.
 */
export function checkAgainstNetworks(spec: StudySpec, positions: Positions, subjects: SpecSubjects): SpecIssue[] {
  const issues: SpecIssue[] = [];
  const fail: Fail = (path, message, hint) => {
    if (issues.length < limits.specMistakes.value) issues.push(positions.issue(path, message, hint));
  };
  const readable = (name: string): boolean => subjects.graphs.has(name) || subjects.anatomies.has(name);
  const speaks = (name: string, among: readonly string[]): boolean => speaksFor(name, among.filter(readable));
  const names = spec.models.map(({ name }) => name);
  for (const model of spec.models) {
    const graph = subjects.graphs.get(model.name);
    if (graph && speaks(model.name, names)) checkModel(model, graph, subjects, positions, fail);
    const anatomy = subjects.anatomies.get(model.name);
    if (!anatomy) continue;
    if (positions.given('analysis.rarefy') && speaks(model.name, names))
      checkRarefy(spec.analysis.rarefy, model.name, anatomy, fail);
    const image = subjects.images.get(model.data)?.shape;
    const reference = subjects.images.get(model.reference);
    for (const ablation of spec.ablations) {
      if (!speaks(model.name, ablation.models)) continue;
      checkAblation(ablation, model.name, anatomy, fail);
      if (reference) checkFolds(ablation, model, reference, fail);
      if (
        ablation.stop &&
        !outputKinds[model.output.kind].classes &&
        !positions.given(`ablations.${ablation.name}.stop.clip`)
      ) {
        const message = `the outputs of ${model.name} are values, whose damage has no scale of its own`;
        fail(
          `ablations.${ablation.name}.stop`,
          message,
          'give clip: above it, how far an output is off counts no further',
        );
      }
    }
    for (const impulse of spec.impulses) {
      if (speaks(model.name, impulse.models)) checkImpulse(impulse, model, { anatomy, image, reference }, fail);
    }
  }
  checkTrainings(spec.models, subjects, fail);
  checkUnrelated(spec, subjects, fail);
  checkResolve(spec, subjects, fail);
  return sortIssues(issues);
}

/** Fills that are fitted on reference images, of which there are too few to try the fit on. */
function checkFolds({ name, fill }: AblationSpec, model: ModelSpec, { images }: ImageFacts, fail: Fail): void {
  const fitted = fill.find((word) => fills[word].from !== undefined);
  if (fitted === undefined || images >= SUBSTITUTE_FOLDS) return;
  const message = `fill ${fitted} is fitted on ${SUBSTITUTE_FOLDS} reference images at least, but the reference set ${model.reference} of ${model.name} has ${images}`;
  fail(`ablations.${name}.fill`, message, 'take more images, or another fill');
}

function checkModel(model: ModelSpec, graph: Graph, { images }: SpecSubjects, positions: Positions, fail: Fail): void {
  const path = modelPath(model.name);
  const { name } = model.output;
  if (name !== undefined && !graph.outputs.includes(name)) {
    fail(
      `${path}.output.name`,
      `${model.name} has no output "${name}"`,
      suggestion(name, graph.outputs, 'its outputs'),
    );
  }
  const shape = graph.inputs[0]?.shape ?? [];
  for (const use of model.reference === model.data ? (['data'] as const) : (['data', 'reference'] as const)) {
    const facts = images.get(model[use]);
    const problem = facts && inputProblem(model.input, shape, facts.shape);
    if (problem === undefined) continue;
    const about = /^(mean|std|order)/.exec(problem)?.[0];
    fail(
      about === undefined ? `${path}.${use}` : `${path}.input.${about}`,
      `${model.name} on ${model[use]}: ${problem}`,
    );
  }
  checkLabels(model, graph, images, positions, fail);
}

/** Asked for by the author, a rarefaction that the network is too small for; the default one is left out there. */
function checkRarefy({ kernels, sites }: AnalysisSpec['rarefy'], model: string, anatomy: Anatomy, fail: Fail): void {
  const enough = anatomy.sites.filter((site) => site.channels >= kernels).length;
  if (enough >= sites) return;
  fail(
    'analysis.rarefy',
    `${sites} sites of at least ${kernels} kernels are asked for, but ${model} has ${enough}`,
    enough < 2 ? 'lower kernels' : `lower sites to ${enough}, or kernels`,
  );
}
