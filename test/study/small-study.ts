import path from 'node:path';
import type { AblationSpec, ModelSpec, StudySpec } from '../../core/spec/study-spec.js';
import { sharedData } from '../probe/real-network.js';

const base = {
  unit: 'kernel',
  layers: ['*'],
  fill: ['zero'],
  draws: 3,
  fractions: [],
  trials: 1,
  spread: ['all-depths'],
  order: 'random',
} as const;

export const model = (name: string, file: string, more: Partial<ModelSpec> = {}): ModelSpec => ({
  name,
  file: path.join(sharedData, 'models', file),
  data: 'test',
  reference: 'train',
  input: { divide: 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], order: 'rgb' },
  output: { kind: 'logits', name: undefined, classOffset: 0 },
  after: 'activation',
  expect: undefined,
  ...more,
});

export const ablation = (name: string, more: Partial<AblationSpec>): AblationSpec => ({
  ...base,
  name,
  models: ['tutorial'],
  mode: 'each',
  ...more,
});

/** A study that takes seconds: the small tutorial network, few images, every kind of unit. */
export function smallStudy(more: Partial<StudySpec> = {}): StudySpec {
  const cifar = (name: string, file: string, images: number): StudySpec['data'][number] => ({
    name,
    format: 'cifar10',
    files: [path.join(sharedData, 'images/cifar10', file)],
    labels: [],
    classes: undefined,
    images,
    order: 'seeded',
    resize: undefined,
    crop: undefined,
  });
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
      {
        name: 'plain',
        models: ['tutorial'],
        at: 'input',
        channels: 'each',
        positions: 'center',
        amplitudes: { unit: 'input', values: [1, -1] },
        bases: ['normalised-zero', 'mean-image'],
        record: ['*'],
        keep: 'responses',
      },
      {
        name: 'images',
        models: ['tutorial'],
        at: 'input',
        channels: 'each',
        positions: 'phases',
        amplitudes: { unit: 'std', values: [0.1, -0.1, 1, -1] },
        bases: { images: 6 },
        record: ['*'],
        keep: 'signatures',
      },
    ],
    analysis: {
      confidence: 0.95,
      fdr: 0.05,
      bootstrap: 50,
      far: 0.5,
      nulls: 1,
      rarefy: { kernels: 4, sites: 3, draws: 8 },
    },
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
