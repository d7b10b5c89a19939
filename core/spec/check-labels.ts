import { listedNames } from '../data/classes.js';
import type { Graph } from '../network/graph.js';
import { sizeOf } from '../tensor.js';
import { suggestion } from './cursor.js';
import { modelPath } from './model-path.js';
import type { Positions } from './issue.js';
import type { ModelSpec } from './study-spec.js';
import type { Fail, ImageFacts } from './subjects.js';
import { outputKinds } from './words/output-kinds.js';

const remedy = 'give both sets the same classes: all names, in the order of the outputs';

/**
 * Holds the labels of a network's images against its outputs, and the names of their classes against those of its reference
 * images. Regression has no classes; an output of open size tells nothing.
 */
export function checkLabels(
  model: ModelSpec,
  graph: Graph,
  images: ReadonlyMap<string, ImageFacts>,
  positions: Positions,
  fail: Fail,
): void {
  const { name, kind, classOffset } = model.output;
  const path = modelPath(model.name);
  const shape = graph.shapes.get(name ?? graph.outputs.at(-1) ?? '');
  const outputs = shape && sizeOf(shape.slice(1));
  if (!outputKinds[kind].classes || outputs === undefined || outputs <= 0) return;
  if (outputs === 1) {
    fail(
      `${path}.output.kind`,
      `${model.name} has one output, and a softmax over one class is always 1: no damage could be seen`,
      'write output: { kind: values }, or export the network with one output for each class',
    );
    return;
  }
  const facts = images.get(model.data);
  if (!facts) return;
  const namesAt = (set: string): string => {
    const given = `data.${set}.classes`;
    return positions.given(given) ? given : `data.${set}.files`;
  };
  const reference = model.reference === model.data ? undefined : images.get(model.reference);
  if (facts.classes && reference?.classes && checkSameNames(model, facts.classes, reference.classes, namesAt, fail))
    return;
  for (const [set, { classes }] of [
    [model.data, facts],
    ...(reference ? ([[model.reference, reference]] as const) : []),
  ] as const) {
    if (!classes || classes.length + classOffset === outputs) continue;
    const offset = classOffset === 0 ? '' : `, of which class-offset leaves out ${classOffset}`;
    fail(
      namesAt(set),
      `${set} has ${classes.length} classes (${listedNames(classes)}), but ${model.name} has ${outputs} outputs${offset}`,
      classes.length + classOffset < outputs
        ? 'a missing class shifts the labels of all that follow; give classes: all names, in the order of the outputs; a class may then have no pictures'
        : classes.length <= outputs
          ? 'is class-offset right?'
          : 'do the images belong to this network?',
    );
    return;
  }
  checkRange(model, outputs, facts, fail);
}

/** Whether the two sets differ in names or in their order; says so. */
function checkSameNames(
  model: ModelSpec,
  tested: readonly string[],
  reference: readonly string[],
  namesAt: (set: string) => string,
  fail: Fail,
): boolean {
  const lacking = (names: readonly string[], others: readonly string[]): string[] => {
    const known = new Set(others);
    return names.filter((each) => !known.has(each));
  };
  const [missing, extra] = [lacking(reference, tested), lacking(tested, reference)];
  if (missing.length + extra.length > 0) {
    const parts = [
      ...(missing.length > 0 ? [`${model.data} lacks ${listedNames(missing)}, which ${model.reference} has`] : []),
      ...(extra.length > 0 ? [`${model.reference} lacks ${listedNames(extra)}, which ${model.data} has`] : []),
    ];
    const nearest =
      missing.length > 0 && extra.length > 0 ? `${suggestion(missing[0] as string, extra, 'extra')}; ` : '';
    fail(
      namesAt(missing.length > 0 ? model.data : model.reference),
      `the classes of ${model.data} and of ${model.reference} differ: ${parts.join('; ')}`,
      `${nearest}labels are places among the names, so a missing class shifts all that follow; ${remedy}`,
    );
    return true;
  }
  const at = tested.findIndex((each, i) => each !== reference[i]);
  if (at < 0) return false;
  fail(
    namesAt(model.reference),
    `${model.data} and ${model.reference} number their classes differently: class ${at} is ${listedNames([tested[at] as string])} in the one, ${listedNames([reference[at] as string])} in the other`,
    remedy,
  );
  return true;
}

function checkRange(model: ModelSpec, outputs: number, { labelsMin, labelsMax }: ImageFacts, fail: Fail): void {
  const path = modelPath(model.name);
  const { classOffset } = model.output;
  if (labelsMax + classOffset < outputs) return;
  const offset = classOffset === 0 ? '' : ` and class-offset ${classOffset}`;
  const counted = labelsMin >= 1 && labelsMax + classOffset === outputs;
  fail(
    labelsMax >= outputs ? `${path}.data` : `${path}.output.class-offset`,
    `${model.data} has labels up to ${labelsMax}${offset}, but ${model.name} has ${outputs} outputs, 0 to ${outputs - 1}`,
    counted
      ? `the labels seem to count from ${labelsMin}: store them from 0 on (label - 1)`
      : 'do the labels belong to this network?',
  );
}
