import { defaultAnalysis } from '../../core/spec/defaults.js';
import { sha256 } from '../../core/digest.js';
import type { ResolvedStudy } from '../../core/spec/resolved-study.js';

export interface Network {
  readonly name: string;
  readonly layers: number;
  readonly kernels: number;
  readonly accuracy: number;
  /** Removed fraction at which accuracy is half. */
  readonly half: number;
  readonly sr: number;
  readonly rho: number;
}

export const networks: readonly Network[] = [
  { name: 'resnet20', layers: 19, kernels: 16, accuracy: 0.91, half: 0.11, sr: 0.41, rho: 0.62 },
  { name: 'resnet56', layers: 55, kernels: 12, accuracy: 0.94, half: 0.19, sr: 0.52, rho: 0.55 },
  { name: 'plain20', layers: 19, kernels: 16, accuracy: 0.874, half: 0.05, sr: 0.3, rho: 0.7 },
  { name: 'mstutorial', layers: 4, kernels: 18, accuracy: 0.656, half: 0.4, sr: 0.24, rho: 0.48 },
];

/** The same networks with fewer layers and kernels, for tests that need not look real. */
export const small = networks.map((network, i) => ({ ...network, layers: [7, 13, 7, 4][i] ?? 4, kernels: 6 }));

/** The study that asks about them. */
export function resolved(own: readonly Network[]): ResolvedStudy {
  const models = own.map((network) => network.name);
  return {
    version: 1,
    semantics: 1,
    study: 'cifar-resnets',
    seed: 7,
    data: [
      {
        name: 'test',
        shape: [3, 32, 32],
        classes: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
        chunks: [0, 1].map((i) => ({ digest: sha256(`test${i}`), images: 250 })),
      },
      { name: 'train', shape: [3, 32, 32], classes: null, chunks: [{ digest: sha256('train'), images: 250 }] },
    ],
    models: own.map((network) => ({
      name: network.name,
      data: 'test',
      reference: 'train',
      input: { divide: 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], order: 'rgb' },
      output: { kind: 'logits', name: undefined, classOffset: 0 },
      after: 'activation',
      expect: { accuracy: network.accuracy, within: 0.02 },
      content: sha256(network.name),
      format: 'onnx',
      files: [{ name: `${network.name}.onnx`, blob: sha256(`${network.name}.onnx`) }],
    })),
    ablations: [
      {
        name: 'each-kernel',
        models,
        unit: 'kernel',
        layers: ['*'],
        mode: 'each',
        fill: ['zero', 'mean'],
        draws: 3,
        fractions: [],
        trials: 1,
        spread: [],
        order: 'random',
      },
      {
        name: 'across-depth',
        models,
        unit: 'kernel',
        layers: ['*'],
        mode: 'random',
        fill: ['zero'],
        draws: 3,
        fractions: [0.02, 0.05, 0.1, 0.2],
        trials: 20,
        spread: ['one-layer', 'all-depths'],
        order: 'random',
      },
      {
        name: 'two-at-a-time',
        models,
        unit: 'kernel',
        layers: ['*'],
        mode: 'pairs',
        fill: ['zero'],
        draws: 3,
        fractions: [],
        trials: 1,
        spread: [],
        order: 'random',
        pairs: { within: ['layer', 'across'], budget: 400 },
      },
    ],
    impulses: [
      {
        name: 'plain',
        models,
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
        models,
        at: 'input',
        channels: 'each',
        positions: 'phases',
        amplitudes: { unit: 'std', values: [0.1, -0.1, 1, -1] },
        bases: { images: 16 },
        record: ['*'],
        keep: 'signatures',
      },
    ],
    analysis: {
      confidence: 0.95,
      fdr: 0.05,
      bootstrap: 1000,
      far: 0.3,
      nulls: defaultAnalysis.nulls,
      rarefy: { kernels: 4, sites: 5 },
    },
  };
}

/** Names like those of residual networks in PyTorch. */
export function siteName(network: Network, layer: number): string {
  if (network.layers < 10) return `conv${layer + 1}`;
  if (layer === 0) return 'conv1';
  const perStage = (network.layers - 1) / 3;
  const stage = Math.floor((layer - 1) / perStage);
  const within = (layer - 1) % perStage;
  return `layer${stage + 1}.${Math.floor(within / 2)}.conv${(within % 2) + 1}`;
}
