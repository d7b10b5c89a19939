import type { Anatomy } from '../../core/anatomy/site.js';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { conditionsOf, type ConditionList, type LabelledCondition } from '../../core/plan/conditions.js';
import type { AblationSpec } from '../../core/spec/study-spec.js';
import { sharedNetwork } from '../builders/real-networks.js';
import { ablationSpec } from '../builders/specs.js';

/** ResNet-20 for CIFAR-10: 19 layers of 7 × 16, 6 × 32 and 6 × 64 kernels. */
export const readResnet20 = (): Anatomy => anatomyOf(sharedNetwork('models/cifar10_resnet20.onnx'));

export const KERNELS = 7 * 16 + 6 * 32 + 6 * 64;

export const listOf = (
  anatomy: Anatomy,
  more: Partial<AblationSpec>,
  context: { readonly seed?: number; readonly scores?: readonly number[] } = {},
): ConditionList =>
  conditionsOf(ablationSpec(more), {
    anatomy,
    reference: 'reference',
    seed: context.seed ?? 7,
    scores: context.scores,
  });

export const everyOf = (list: ConditionList): LabelledCondition[] =>
  Array.from({ length: list.length }, (_, index) => list.at(index));

/** What a condition removes, one word a channel. */
export const removed = ({ condition }: LabelledCondition): string[] =>
  condition.edits.flatMap(({ site, channels }) => channels.map((channel) => `${site}#${channel}`));
