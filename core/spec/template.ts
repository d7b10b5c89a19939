import { channelOrders } from '../data/channel-order.js';
import { imageFormats } from '../data/image-formats.js';
import { readableNetworks } from '../import/network-formats.js';
import { deviceNames, engineNames } from '../numeric-mode.js';
import { wordsOf, type Word } from '../word-table.js';
import { bases } from './words/bases.js';
import { fills } from './words/fills.js';
import { modes } from './words/modes.js';
import { onFailures } from '../on-failure.js';
import { outputKinds } from './words/output-kinds.js';
import { pairScopes } from './words/pair-scopes.js';
import { units } from './words/units.js';

/** The words of a table, as a comment offers them: `kernel | layer | block (a residual branch)`. */
function offered(table: { readonly [word: string]: Word }): string {
  const hinted = wordsOf(table).map((word) => {
    const hint = table[word]?.hint;
    return hint === undefined ? word : `${word} (${hint})`;
  });
  return hinted.join(' | ');
}

/** What `percuss init` writes: a small study that runs as soon as its files are named and `expect` is filled in or deleted. */
export const specTemplate = `# A percuss study. Check it with:  percuss validate study.yaml
# Paths are relative to this file; s3://BUCKET/KEY is read too. docs/study.schema.json helps editors complete it.
version: 1
study: my-study            # names the folder of results
seed: 7                    # of every random choice

data:
  test:
    format: cifar10        # ${offered(imageFormats)}
    files: [data/test_batch.bin]
    images: 500            # a larger number later keeps these and computes only the new ones
  train:                   # the reference: means, donors, bases of impulses. Better not the images you test on
    format: cifar10
    files: [data/data_batch_1.bin]
    images: 250

defaults:                  # for every model; a model that gives a key replaces it whole
  data: test
  reference: train
  input:                   # (pixel / divide - mean) / std, as in training
    divide: 255
    mean: [0.485, 0.456, 0.406]
    std: [0.229, 0.224, 0.225]
    order: rgb             # ${offered(channelOrders)}
  output: { kind: logits } # ${offered(outputKinds)}; name: one of several outputs; class-offset: 1 if output 0 is background

models:
  mine:
    file: models/mine.onnx # ${readableNetworks}
    expect: { accuracy: ??? }   # fill in: the share of test images that it gets right, as its author measured it (0.91); nothing
                           # is ablated if the intact network misses it by more than within (0.02). Or delete the line

ablations:
  each-kernel:             # which single kernel does the network rely on?
    unit: kernel           # ${offered(units)}
    layers: "*"            # globs over the names that percuss inspect shows
    mode: each             # ${offered(modes)}
    fill: [zero, mean]     # ${offered(fills)}
  across-depth:            # how much of it can go, in one layer or spread over all?
    mode: random
    fractions: [0.02, 0.05, 0.1, 0.2]
    trials: 20
    spread: [one-layer, matched, all-depths]
  # top-kernels:           # the same for less: waves of images, until it is settled which kernels matter most
  #   mode: each
  #   stop: { top: 20, epsilon: 0.05 }           # or { precision: 0.02 }: each known within ± 0.02 nat
  # two-at-a-time:         # do kernels back each other up, within a layer and across the depth?
  #   mode: pairs
  #   within: [layer, across]   # ${offered(pairScopes)}; two of them share the budget
  #   budget: 2000         # a seeded sample of the pairs; without it: all
  #   screen: { keep: 120, random: 60 }   # of these only pairs of what is harmful alone, and some of the others by chance
  # within-or-across:      # more of that across the depth than within layers? A contrast in which units and layers cancel
  #   mode: quadruples
  #   budget: 200          # of two kernels in each of two layers, at all distances alike
  # repair:                # residual networks: what do later blocks repair of the removal of one?
  #   unit: block
  #   mode: compensation

impulses:
  images:                  # unit impulses on real images: what responds, and which kernels respond alike?
    at: input
    base: { images: 64 }   # or flat bases: [${wordsOf(bases).join(', ')}]
    amplitudes: { std: [0.1, -0.1, 1, -1] }      # in standard deviations of a channel; or plain numbers: [1, -1]
    record: "*"            # globs over sites
    # resolve: { r2: 0.1, sr: 0.05, budget: { images: 256 } }   # doubles the images until R² and systemic redundancy are so narrow

analysis: { confidence: 0.95, fdr: 0.05, bootstrap: 1000 }

run:                       # how, not what: changing this repeats nothing
  engine: auto             # auto | ${engineNames.join(' | ')}
  device: auto             # auto | ${deviceNames.join(' | ')}, as far as the engine has it
  onFailure: continue      # ${offered(onFailures)}
  # memory: 4000000000                           # bytes that one compute process may hold
  # limit: { hours: 24, bytes: 20000000000, cells: 250000 }   # refuses to start above; these are the defaults
`;
