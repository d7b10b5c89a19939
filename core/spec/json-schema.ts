import { readableNetworks } from '../import/network-formats.js';
import { choice, wordsWhere } from '../word-table.js';
import { dataSchema } from './data-schema.js';
import { defaultAnalysis, defaultRun, defaults, leastMemory } from './defaults.js';
import {
  above0,
  absent,
  fraction,
  has,
  named,
  oneOf,
  orNothing,
  ref,
  type Schema,
  section,
  share,
  some,
  text,
  when,
  whole,
  word,
  wordList,
} from './schema-keyword.js';
import { keysOfModes } from './mode-schema.js';
import { keys, vocabulary } from './vocabulary.js';
import { fills } from './words/fills.js';
import { scopesOfAll, scopesOfOneLayer } from './words/pair-scopes.js';
import { fixedOrders } from './words/removal-orders.js';
import { spreadsOfWholes } from './words/spreads.js';
import { units } from './words/units.js';

const input = section(keys.input, {
  divide: above0('Pixels are divided by this first.', defaults.input.divide),
  mean: some(
    { type: 'number', description: 'Then this is subtracted; one number, or one for each channel.' },
    { repeats: true },
  ),
  std: some(above0('Then it is divided by this; one number, or one for each channel.'), { repeats: true }),
  order: oneOf(
    vocabulary.channelOrder,
    'The order of channels that the network was trained with.',
    defaults.input.order,
  ),
});

const output = section(keys.output, {
  kind: oneOf(vocabulary.output, 'What the network gives out.', defaults.output.kind),
  name: text('Which output, where there are several. Default: the last.'),
  'class-offset': whole(0, 'Added to a label to find its output: 1 where output 0 is background.', 0),
});

const common = {
  data: text('The image set to test on.'),
  reference: text('The image set for means, donors and bases of impulses. Default: data.'),
  input: ref('input'),
  output: ref('output'),
  after: oneOf(vocabulary.after, 'How far a kernel’s site follows its convolution.', defaults.after),
};

const model = section(
  keys.model,
  {
    ...common,
    file: text(`Relative to the spec, or an s3:// URL: ${readableNetworks}.`),
    expect: section(
      keys.expect,
      {
        accuracy: fraction('What the intact network gets right; the study refuses to start if it is missed.'),
        within: fraction('By how much it may be off.', defaults.within),
      },
      ['accuracy'],
    ),
  },
  ['file'],
);

const models = some(text('Names or globs of models. Default: all.'));

const stop = section(
  keys.stop,
  {
    precision: above0('Half the width at which the interval of a condition is narrow enough, in nats.'),
    top: whole(1, 'Which conditions do the most damage: how many of them.'),
    epsilon: above0('top: how far off the choice may be, in nats.'),
    confidence: share('Of every interval, or of the whole choice, at all looks together.', defaults.stop.confidence),
    clip: above0('An image counts with at most so many nats of KL.', defaults.stop.clip),
  },
  [],
  {
    oneOf: [
      { required: ['precision'], ...absent('top', 'epsilon') },
      { required: ['top', 'epsilon'], ...absent('precision') },
    ],
  },
);

const drawn = wordsWhere(fills, (row) => row.drawn);
const ablation = section(
  keys.ablation,
  {
    models,
    unit: oneOf(vocabulary.unit, 'What is removed.', defaults.unit),
    layers: some(text('Globs over names of layers, blocks or streams. Default: "*".')),
    mode: oneOf(vocabulary.mode, 'How removals are chosen.', defaults.mode),
    fill: some(oneOf(vocabulary.fill, 'What takes the place of removed channels. Default: zero.')),
    draws: whole(3, `${choice(drawn)}: how many draws of donors.`, defaults.draws),
    fractions: some(fraction('random and cumulative: which shares to remove.')),
    trials: whole(1, 'random and cumulative: how many draws of each fraction.', defaults.trials),
    spread: some(
      oneOf(vocabulary.spread, 'random: within one layer, as many over all, or a share of all. Default: all-depths.'),
    ),
    order: oneOf(vocabulary.order, 'cumulative: what goes first.', defaults.order),
    within: {
      description: 'pairs: of one layer, of two layers, or of any; layer and across share the budget. Default: any.',
      anyOf: [
        { enum: vocabulary.within },
        {
          type: 'array',
          items: { enum: vocabulary.within },
          minItems: 1,
          uniqueItems: true,
          anyOf: [{ maxItems: 1 }, { not: { contains: word(scopesOfAll) } }],
        },
      ],
    },
    budget: whole(1, 'pairs: the most pairs, a seeded sample. Default: all.'),
    stop: ref('stop'),
  },
  [],
  {
    allOf: [
      ...keysOfModes(),
      when(has('order', fixedOrders), absent('trials')),
      when(
        { required: ['draws'] },
        {
          properties: { fill: { anyOf: [word(drawn), { type: 'array', contains: word(drawn) }] } },
          required: ['fill'],
        },
      ),
      when(
        has(
          'unit',
          wordsWhere(units, (row) => row.whole),
        ),
        {
          properties: {
            spread: { anyOf: [word(spreadsOfWholes), wordList(spreadsOfWholes)] },
            within: { not: { anyOf: [word(scopesOfOneLayer), { type: 'array', contains: word(scopesOfOneLayer) }] } },
          },
        },
      ),
    ],
  },
);

const amplitude: Schema = { type: 'number', not: { const: 0 } };
const impulse = section(
  keys.impulse,
  {
    models,
    at: some(text('input, or globs over sites. Default: input.')),
    channels: {
      description: 'each, or channel numbers from 0. Default: each.',
      anyOf: [{ const: 'each' }, some(whole(0, 'A channel.'))],
    },
    positions: {
      description: 'center, phases (seeded, covering every stride phase), or [row, column] pairs.',
      anyOf: [
        { enum: vocabulary.positions },
        {
          type: 'array',
          minItems: 1,
          uniqueItems: true,
          items: { type: 'array', items: whole(0, 'Row, column.'), minItems: 2, maxItems: 2 },
        },
      ],
    },
    amplitudes: {
      description: 'In input units, or { std: … } in standard deviations of the channel over the reference images.',
      anyOf: [some(amplitude), section(['std'], { std: some(amplitude) }, ['std'])],
    },
    base: {
      description: 'Flat bases by name, or { images: n } for the first n reference images. Default: 16 images.',
      anyOf: [some({ enum: vocabulary.base }), section(['images'], { images: whole(1, 'How many.') }, ['images'])],
    },
    record: some(text('Globs over sites. Default: "*".')),
    keep: oneOf(
      vocabulary.keep,
      'responses, or signatures: a hundredth of the bytes, enough for every measure. Default: responses on flat bases, signatures on images.',
    ),
  },
  [],
  {
    allOf: [
      when(
        { properties: { amplitudes: { type: 'object' } }, required: ['amplitudes'] },
        { properties: { at: { const: 'input' } } },
      ),
    ],
  },
);

const { rarefy } = defaultAnalysis;
const analysis = section(keys.analysis, {
  confidence: share('Level of every interval.', defaultAnalysis.confidence),
  fdr: share('False discovery rate.', defaultAnalysis.fdr),
  bootstrap: whole(100, 'Bootstrap draws.', defaultAnalysis.bootstrap),
  far: fraction('Least distance in normalised depth of sites that count as far apart.', defaultAnalysis.far),
  nulls: whole(0, 'Networks with shuffled weights, the null of every measure of redundancy.', defaultAnalysis.nulls),
  rarefy: section(keys.rarefy, {
    kernels: whole(2, 'Kernels a site.', rarefy.kernels),
    sites: whole(2, 'Sites.', rarefy.sites),
  }),
});

const run = section(keys.run, {
  engine: oneOf(vocabulary.engine, 'What computes.', defaultRun.engine),
  device: oneOf(vocabulary.device, 'On what.', defaultRun.device),
  onFailure: oneOf(vocabulary.onFailure, 'What a failed cell does to the study.', defaultRun.onFailure),
  workers: whole(1, 'Compute processes on this machine. Default: one for each core.'),
  memory: whole(leastMemory, 'Bytes that one compute process of this machine may hold (Linux). Default: no limit.'),
  batchSeconds: above0('Predicted seconds of one batch.', defaultRun.batchSeconds),
  limit: section(keys.limit, {
    hours: above0('Of one process, predicted.', defaultRun.limit.hours),
    bytes: whole(1, 'In the store, predicted.', defaultRun.limit.bytes),
    cells: whole(1, 'Conditions × 250 images, and groups of impulses.', defaultRun.limit.cells),
  }),
});

/**
 * The spec as JSON Schema (draft 2020-12), for editors that complete and check YAML. It knows shapes and words; that
 * names, files and layers exist, only `percuss validate` knows.
 */
export function studyJsonSchema(): Schema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'percuss study',
    ...section(
      keys.study,
      {
        version: { const: 1, description: 'The version of this format.' },
        study: { ...text('Its name.'), pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$' },
        seed: whole(0, 'Of every random choice.', defaults.seed),
        data: named(dataSchema, 'Image sets by name.', { minProperties: 1 }),
        defaults: orNothing(section(keys.defaults, common)),
        models: named(model, 'Networks by name.', { minProperties: 1 }),
        ablations: orNothing(named(ablation, 'What is removed, by name.')),
        impulses: orNothing(named(impulse, 'Where unit impulses are set, by name.')),
        analysis: orNothing(analysis),
        run: orNothing(run),
      },
      ['version', 'study', 'data', 'models'],
    ),
    $defs: { input, output, stop },
  };
}
