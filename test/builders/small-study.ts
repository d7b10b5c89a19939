import type { AblationSpec, ModelSpec, StudySpec } from '../../core/spec/study-spec.js';
import { sharedFile } from './shared-data.js';
import { ablationSpec, analysisSpec, dataSpec, impulseSpec } from './specs.js';

export const model = (name: string, file: string, more: Partial<ModelSpec> = {}): ModelSpec => ({
  name,
  file: sharedFile(`models/${file}`),
  data: 'test',
  reference: 'train',
  input: { divide: 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], order: 'rgb' },
  output: { kind: 'logits', name: undefined, classOffset: 0 },
  after: 'activation',
  expect: undefined,
  ...more,
});

/** Spread over all depths where channels are drawn at random. */
export const ablation = (name: string, more: Partial<AblationSpec>): AblationSpec =>
  ablationSpec({ name, models: ['tutorial'], spread: ['all-depths'], ...more });

/** A study that takes seconds: the small tutorial network, few images, every kind of unit. */
export function smallStudy(more: Partial<StudySpec> = {}): StudySpec {
  const cifar = (name: string, file: string, images: number): StudySpec['data'][number] =>
    dataSpec({ name, format: 'cifar10', files: [sharedFile(`images/cifar10/${file}`)], images, order: 'seeded' });
  return {
    version: 1,
    study: 'small',
    seed: 7,
    data: [cifar('test', 'cifar10_test_0000-0499.bin', 60), cifar('train', 'cifar10_train_0000-1999.bin', 24)],
    models: [
      model('tutorial', 'cifar10_mstutorial.onnx', {
        input: { divide: 255, mean: [0.5], std: [0.5], order: 'rgb' },
        expect: { accuracy: 0.656, within: 0.15 },
      }),
    ],
    ablations: [
      ablation('kernels', { fill: ['zero', 'mean'] }),
      ablation('layers', { unit: 'layer' }),
      ablation('random', {
        mode: 'random',
        fractions: [0.1, 0.3],
        trials: 3,
        spread: ['one-layer', 'matched', 'all-depths'],
      }),
      ablation('donors', { mode: 'random', fractions: [0.2], trials: 1, fill: ['resample', 'mean-position'] }),
      ablation('by-damage', { mode: 'cumulative', order: 'kl', fractions: [0.2, 0.5] }),
      ablation('by-activation', { mode: 'cumulative', order: 'activation-std', fractions: [0.5] }),
    ],
    impulses: [
      impulseSpec({ models: ['tutorial'], keep: 'responses' }),
      impulseSpec({
        name: 'images',
        models: ['tutorial'],
        positions: 'phases',
        amplitudes: { unit: 'std', values: [0.1, -0.1, 1, -1] },
        bases: { images: 6 },
      }),
    ],
    analysis: analysisSpec(),
    run: {
      engine: 'onnxruntime',
      device: 'cpu',
      onFailure: 'continue',
      workers: undefined,
      memory: undefined,
      batchSeconds: 0.05,
      limit: { hours: undefined, bytes: undefined, cells: undefined },
    },
    ...more,
  };
}
