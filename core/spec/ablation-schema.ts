import { limits } from '../limits.js';
import { choice, wordsOf, wordsWhere } from '../word-table.js';
import { defaults } from './defaults.js';
import { keysOfModes, unitsOfMode } from './mode-schema.js';
import {
  above0,
  absent,
  fraction,
  has,
  oneOf,
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
import { keys, vocabulary } from './vocabulary.js';
import { fills } from './words/fills.js';
import { keptOutputs } from './words/kept-outputs.js';
import { modes } from './words/modes.js';
import { scopesOfAll, scopesOfOneLayer } from './words/pair-scopes.js';
import { fixedOrders } from './words/removal-orders.js';
import { spreadsOfWholes } from './words/spreads.js';
import { units } from './words/units.js';

/** Which pairs run, by what their targets do alone. */
export const screenSchema = section(
  keys.screen,
  {
    keep: whole(
      1,
      'So many pairs run, those with the largest √(KL_a·KL_b) of what each does alone. Back-up between targets that are harmless alone is what this does not see.',
    ),
    random: whole(2, 'So many of the others run, a seeded draw, by which it is told what is missed.'),
  },
  ['keep', 'random'],
);

/** When conditions stop early. */
export const stopSchema = section(
  keys.stop,
  {
    precision: above0(
      'A condition ends when its interval is within ± this, in nats of clipped KL. Below half of `clip`.',
    ),
    top: whole(1, 'How many conditions, those that do most damage, are to be found. One fill, none that draws donors.'),
    epsilon: above0('`top`: how far off the choice may be, in nats of clipped KL. Below `clip`.'),
    confidence: share(
      'Of each interval (`precision`) or of the whole choice (`top`), at all looks together.',
      defaults.stop.confidence,
    ),
    clip: above0(
      'An image counts with at most so many nats of KL. With thousands of images 4 costs little and changes next to nothing. Must be given where outputs are `values`.',
      defaults.stop.clip,
    ),
    by: oneOf(
      vocabulary.stopBy,
      'What is known before conditions are run: nothing (`images`), or what gradients predict of each image (`preview`), which takes about 10 runs of the intact network, and then fewer images of each condition for the same confidence. Where gradients do not pass, and of fewer than 64 conditions, it is `images`, and percuss says so.',
      defaults.stop.by,
    ),
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
const wholes = wordsWhere(units, (row) => row.whole);
const divisible = choice(wordsWhere(units, (row) => !row.whole).map((unit) => `\`${unit}\``));
const keepingOutputs = wordsWhere(modes, ({ keeps }) => keptOutputs[keeps].outputs);
const { random, cumulative } = modes;

/** What keys of an ablation ask of one another. */
const rulesOfModes: readonly Schema[] = [
  ...keysOfModes(),
  when(has('order', fixedOrders), absent('trials')),
  when(
    has(
      'keep',
      wordsWhere(keptOutputs, (row) => row.outputs),
    ),
    absent('stop'),
  ),
  when(
    { required: ['draws'] },
    {
      properties: { fill: { anyOf: [word(drawn), { type: 'array', contains: word(drawn) }] } },
      required: ['fill'],
    },
  ),
  ...wordsOf(modes).flatMap((mode) => unitsOfMode(mode)),
  when(has('mode', ['quadruples']), { properties: { budget: { type: 'integer', maximum: limits.quadruples.value } } }),
  when(has('unit', wholes), {
    properties: {
      spread: { anyOf: [word(spreadsOfWholes), wordList(spreadsOfWholes)] },
      within: { not: { anyOf: [word(scopesOfOneLayer), { type: 'array', contains: word(scopesOfOneLayer) }] } },
    },
  }),
];

/** One ablation; `models` is a list of names or globs. */
export const ablationSchema = (models: Schema): Schema =>
  section(
    keys.ablation,
    {
      models,
      unit: oneOf(vocabulary.unit, 'What one target is.', defaults.unit),
      layers: some(
        text(
          'Layers (`kernel`, `layer`), blocks or streams. Each glob must select something in each network. Default: `*`.',
          'glob',
        ),
      ),
      mode: oneOf(vocabulary.mode, 'How removals are chosen.', defaults.mode),
      fill: some(
        oneOf(
          vocabulary.fill,
          `What takes the place of removed channels. Several fills give as many conditions. Default: ${choice(defaults.fill)}.`,
        ),
      ),
      draws: whole(3, `\`${choice(drawn)}\`: how many draws of donors.`, defaults.draws),
      fractions: some(
        fraction(
          `\`random\` and \`cumulative\`: share of the targets that is removed, at least one target. Default: \`random\`: ${random.fractions.join(', ')}; \`cumulative\`: ${cumulative.fractions.join(', ')}.`,
        ),
      ),
      trials: whole(
        1,
        `\`random\`, and \`cumulative\` with \`order: random\`: how many draws. Default: \`${defaults.trials}\`; \`1\` where the order is not random.`,
      ),
      spread: some(
        oneOf(
          vocabulary.spread,
          `\`random\`: where the sets lie. All but ${choice(spreadsOfWholes.map((one) => `\`${one}\``))} need unit ${divisible}. Default: ${choice(defaults.spread)}.`,
        ),
      ),
      order: oneOf(vocabulary.order, '`cumulative`: what is removed first.', defaults.order),
      within: {
        title: `a word below, or [${vocabulary.within.filter((one) => !scopesOfAll.includes(one)).join(', ')}]`,
        description: `\`pairs\`: which. ${choice(scopesOfOneLayer.map((one) => `\`${one}\``))} needs unit ${divisible}. Default: ${choice(defaults.pairsWithin)}.`,
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
      budget: whole(
        1,
        `\`pairs\`: at most so many, a seeded sample without replacement. Of \`[layer, across]\` each has half, as far as there are so many. \`quadruples\`: at most so many, each with four pairs. Default: all pairs; ${defaults.quadruples} quadruples.`,
      ),
      screen: ref(
        'screen',
        '`pairs`: run only pairs of what is harmful alone, and some of the others by chance. Default: none: every pair.',
      ),
      stop: ref(
        'stop',
        '`each`: run conditions on waves of images until enough is known (docs/science.md says what is promised). Either `precision`, or `top` with `epsilon`. Default: none: every condition on all images.',
      ),
      keep: oneOf(
        vocabulary.kept,
        `What is stored of each image. \`cells\` where outputs are kept else saves the bytes, and no excess is known. \`logits\` doesn’t go with \`stop\`. Default: \`logits\` of ${keepingOutputs.map((mode) => `\`${mode}\``).join(', ')}; else \`cells\`.`,
      ),
    },
    [],
    {
      allOf: rulesOfModes,
    },
  );
