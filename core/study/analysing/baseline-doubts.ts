import { countCorrect } from '../../analysis/damage.js';
import { atLeast, chanceOf, farBelow, MARGIN, type Share } from '../../analysis/doubt.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { ModelOutline } from '../../plan/outline.js';
import { outputKinds } from '../../spec/words/output-kinds.js';
import { sizeOf } from '../../tensor.js';
import type { Catalog } from '../catalog.js';
import { CellReader } from '../reading/cell-reader.js';
import { loadReferencePredictions } from '../reading/load-model-results.js';

/** What an intact network did, as far as doubts look at it. */
export interface IntactAnswers {
  readonly model: string;
  readonly images: string;
  readonly reference: string;
  /** Outputs of the network, and what is added to a label to find its own. */
  readonly outputs: number;
  readonly classOffset: number;
  readonly labels: ArrayLike<number>;
  readonly predicted: ArrayLike<number>;
  /** −log p(label). */
  readonly loss: ArrayLike<number>;
  readonly unbounded: boolean;
  /** Of the reference images, where these are others. */
  readonly referenceShare: Share | undefined;
  /** The accuracy that the author expects, if it is met. */
  readonly expected: number | undefined;
}

/** Above it, being right so often by chance is no surprise. */
const SURPRISE = 0.01;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Reasons to doubt that labels, preprocessing and reading of the output are what the network was trained with; for people. */
export function doubtsOf(answers: IntactAnswers): string[] {
  const { model, images, reference, outputs, classOffset, labels, predicted, expected, referenceShare } = answers;
  const share: Share = { correct: countCorrect(predicted, labels), images: labels.length };
  const accuracy = share.correct / share.images;
  const chance = chanceOf(labels, outputs - classOffset);
  const said = `${model} is right on ${percent(accuracy)} of ${share.images} images of ${images}`;
  const remedy = `Check labels, classes, output.class-offset and input (divide, mean, std, order)${numbering(answers, accuracy)}.`;
  // An author who expects no more has said so.
  const meant = expected !== undefined && expected <= chance + 0.02;
  const nearChance = atLeast(share, chance) > SURPRISE && !meant;
  const doubts: string[] = [];
  if (nearChance) {
    doubts.push(
      `${said}, which chance explains (${percent(chance)} for the commonest answer; exact binomial test at 1 %). ${remedy}`,
    );
  }
  if (referenceShare && referenceShare.images > 0) {
    const other = referenceShare.correct / referenceShare.images;
    const apart = `(beyond chance more than ${100 * MARGIN} points, or than half)`;
    if (farBelow(share, referenceShare)) {
      doubts.push(
        `${said}, far below the ${percent(other)} of its reference images ${reference} ${apart}: are the labels of both numbered alike? ${nearChance ? '' : remedy}`.trim(),
      );
    } else if (farBelow(referenceShare, share)) {
      doubts.push(
        `${said}, but only on ${percent(other)} of its reference images ${reference} ${apart}: are those labelled and prepared alike?`,
      );
    }
  }
  if (answers.unbounded && !nearChance && isFlat(answers)) {
    doubts.push(
      `${said}, and yet its logits never differ by more than 1: do the outputs go through a sigmoid, or are they no logits? Damage would come out too small; see output.kind.`,
    );
  }
  return doubts;
}

/** Whether every loss is one that outputs within 0 and 1 can give. */
function isFlat({ loss, outputs }: IntactAnswers): boolean {
  const least = Math.log(Math.E + outputs - 1) - 1 - 1e-3;
  const most = Math.log(1 + (outputs - 1) * Math.E) + 1e-3;
  return loss.length >= 20 && Array.prototype.every.call(loss, (value: number) => value >= least && value <= most);
}

/**
 * Another numbering of the labels under which the network would be right much more often: a shift, or, learned on every other
 * image of each label and tried on the rest, another order of the classes.
 */
function numbering({ labels, predicted }: IntactAnswers, accuracy: number): string {
  const images = labels.length;
  const enough = (share: number): boolean => share > 2 * accuracy && share > accuracy + MARGIN;
  for (const shift of [1, -1]) {
    const share =
      countCorrect(
        predicted,
        Array.from(labels, (label) => label + shift),
      ) / images;
    if (enough(share)) {
      const write = shift === 1 ? 'output: { class-offset: 1 }' : 'labels that count from 0';
      return `; with labels shifted by ${shift} it would be right on ${percent(share)}: ${write}`;
    }
  }
  const seen = new Map<number, number>();
  const [learned, tried]: [number[], number[]] = [[], []];
  for (let i = 0; i < images; i++) {
    const label = labels[i] as number;
    const times = seen.get(label) ?? 0;
    seen.set(label, times + 1);
    (times % 2 === 0 ? learned : tried).push(i);
  }
  const answers = new Map<number, Map<number, number>>();
  for (const i of learned) {
    const [label, answer] = [labels[i] as number, predicted[i] as number];
    const counts = answers.get(label) ?? new Map<number, number>();
    answers.set(label, counts.set(answer, (counts.get(answer) ?? 0) + 1));
  }
  const mapping = oneToOne(answers);
  const right = tried.filter((i) => mapping.get(labels[i] as number) === predicted[i]).length;
  const share = tried.length === 0 ? 0 : right / tried.length;
  if (!enough(share)) return '';
  const example = [...mapping].sort(([a], [b]) => a - b).find(([label, answer]) => label !== answer);
  return `; with classes in another order it would be right on about ${percent(share)}${example ? ` (label ${example[0]} is mostly answered ${example[1]})` : ''}`;
}

/**
 * An order of classes: each label has one answer and no answer two labels, the commonest pairs first. Labels for which no answer
 * is left have none, so what such an order gets right is never more than some order can.
 */
function oneToOne(answers: ReadonlyMap<number, ReadonlyMap<number, number>>): ReadonlyMap<number, number> {
  const pairs = [...answers]
    .flatMap(([label, counts]) => [...counts].map(([answer, times]) => ({ label, answer, times })))
    .sort((a, b) => b.times - a.times || a.label - b.label || a.answer - b.answer);
  const order = new Map<number, number>();
  const taken = new Set<number>();
  for (const { label, answer } of pairs) {
    if (order.has(label) || taken.has(answer)) continue;
    order.set(label, answer);
    taken.add(answer);
  }
  return order;
}

/** Doubts about the networks of a study whose baselines are complete; none about `values`, which have no classes. */
export async function baselineDoubts(
  ledger: Ledger,
  catalog: Catalog,
  models: readonly ModelOutline[],
  seed: number,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const doubts = new Map<string, readonly string[]>();
  const labelsOf = async (chunks: ModelOutline['chunks']): Promise<number[]> => {
    const labels: number[] = [];
    for (const chunk of chunks) for (const label of (await catalog.chunk(chunk.digest)).labels) labels.push(label);
    return labels;
  };
  for (const outline of models) {
    const { name, data, reference, output, expect } = outline.model;
    if (!outputKinds[output.kind].classes) continue;
    const baseline = await CellReader.intact(ledger, outline, seed);
    if (baseline?.state !== 'ok') continue;
    const { graph, output: value } = await catalog.model(outline.model);
    const labels = await labelsOf(outline.chunks);
    const answers = data === reference ? undefined : await loadReferencePredictions(ledger, outline, seed);
    const accuracy = countCorrect(baseline.predicted, labels) / labels.length;
    const met = expect !== undefined && Math.abs(accuracy - expect.accuracy) <= expect.within + 1e-9;
    doubts.set(
      name,
      doubtsOf({
        model: name,
        images: data,
        reference,
        outputs: sizeOf((graph.shapes.get(value) ?? []).slice(1)),
        classOffset: output.classOffset,
        labels,
        predicted: baseline.predicted,
        loss: baseline.loss,
        unbounded: outputKinds[output.kind].unbounded,
        referenceShare: answers && {
          correct: countCorrect(answers, await labelsOf(outline.referenceChunks)),
          images: answers.length,
        },
        expected: met ? expect.accuracy : undefined,
      }),
    );
  }
  return doubts;
}
