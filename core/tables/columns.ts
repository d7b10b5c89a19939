import { nulls } from '../spec/words/nulls.js';
import { choice, wordsOf } from '../word-table.js';
import { networkFormatNames } from '../import/network-formats.js';
import {
  count,
  depth,
  layer,
  level,
  maybe,
  model,
  normalisedDepth,
  number,
  site,
  siteType,
  text,
  type Column,
  type Columns,
  r2Resolved,
  r2Upper,
} from './column.js';
import { architectureColumns, architectureDifferenceColumns } from './architecture-columns.js';
import { ablationColumns, curveColumns } from './ablation-columns.js';
import { kernelColumns } from './kernel-columns.js';
import { replaceabilityOfAll } from './replaceability-columns.js';
import { interactionColumns, pairColumns } from './pair-columns.js';
import { compensationColumns } from './compensation-columns.js';
import { excessColumns } from './excess-columns.js';
import { learningColumns } from './learning-columns.js';
import { resolutionColumns } from './resolution-columns.js';
import { predictorColumns } from './predictor-columns.js';
import { previewCheckColumns, previewColumns } from './preview-columns.js';
import { screenColumns } from './screen-columns.js';
import { contrastColumns, quadrupleColumns } from './quadruple-columns.js';
import { similarityColumns } from './similarity-columns.js';
import { betweenColumns } from './between-columns.js';
import { stopColumns } from './stop-columns.js';

/** Version of the columns below, written into every Parquet file. Raised when a column is renamed, removed or changes its meaning. */
export const tablesVersion = 3;

/** Every column of every table, in the order in which it stands in the files. The types of rows follow from it. */
export const columns = {
  models: {
    model,
    architecture: text('What it is a training of, where the study has several; else the network itself.'),
    format: text(`Format of the file: ${networkFormatNames.slice(0, -1).join(', ')} or ${networkFormatNames.at(-1)}.`),
    parameters: count('parameters', 'Number of trained parameters.'),
    macs: count('MAC/image', 'Multiply-accumulate operations of one image through the network.'),
    layers: count('layers', 'Number of convolutions whose kernels may be cut.'),
    kernels: count('kernels', 'Number of kernels that may be cut.'),
    images: count('images', 'Number of images on which the intact network was evaluated.'),
    accuracy: number('share', 'Share of images that the intact network classifies correctly.'),
    accuracy_low: number('share', level('the accuracy', 'Lower')),
    accuracy_high: number('share', level('the accuracy', 'Upper')),
    accuracy_expected: maybe(number('share', 'Accuracy that the study stated beforehand, if it did.')),
    robustness_area: maybe(
      number(
        '1',
        'Mean of accuracy over intact accuracy along the removed fractions measured (all depths, filled with zero).',
      ),
    ),
    robustness_low: maybe(number('1', level('the robustness area', 'Lower'))),
    robustness_high: maybe(number('1', level('the robustness area', 'Upper'))),
    kl_direct: maybe(
      number(
        'nat',
        'Mean over residual branches that have others behind them of the damage of removing one while these are held (first compensation ablation, its first fill).',
      ),
    ),
    kl_repaired: maybe(
      number(
        'nat',
        'Mean over the same of what of it is less where these compute on: above 0 where they repair on average, below 0 where they carry damage on.',
      ),
    ),
    kl_repaired_low: maybe(number('nat', level('kl_repaired, over images', 'Lower'))),
    kl_repaired_high: maybe(number('nat', level('kl_repaired, over images', 'Upper'))),
    sr: maybe(
      number(
        '1',
        'Systemic redundancy of the intact network, over pairs of bases: 0 in expectation where sites have nothing in common, 1 where all lie within the largest; not clipped.',
      ),
    ),
    sr_low: maybe(number('1', level('the systemic redundancy', 'Lower'))),
    sr_high: maybe(number('1', level('the systemic redundancy', 'Upper'))),
    sr_plugin: maybe(
      number('1', 'The same with averages over bases squared as they are: too large, the more the fewer bases.'),
    ),
    sr_resolved: maybe({
      type: 'BOOLEAN',
      nullable: false,
      unit: '',
      description: 'True if sr and sr_plugin are no farther apart than sr is from 0; else more bases are needed.',
    } as const),
    sr_null: maybe(
      number('1', 'Mean systemic redundancy of networks of this architecture with weights shuffled within layers.'),
    ),
    sr_null_low: maybe(number('1', level('that mean, from three nulls on', 'Lower'))),
    sr_null_high: maybe(number('1', level('that mean, from three nulls on', 'Upper'))),
    sr_excess: maybe(number('1', 'Systemic redundancy less the mean of the nulls.')),
    sr_excess_low: maybe(number('1', level('the excess, over bases and nulls, from three nulls on', 'Lower'))),
    sr_excess_high: maybe(number('1', level('the excess, over bases and nulls, from three nulls on', 'Upper'))),
    sr_p: maybe(
      number('1', 'Rank p of the systemic redundancy among the nulls: (1 + nulls that reach it) / (1 + nulls).'),
    ),
    r2_same_low: maybe(
      number('R²', 'Mean over kernels of how well the other kernels of the same site predict a signature.'),
    ),
    r2_same_high: r2Upper,
    r2_same_resolved: r2Resolved,
    r2_same_null: maybe(number('R²', 'The same in the network with shuffled weights.')),
    r2_far_low: maybe(number('R²', 'Mean over kernels of how well the kernels of far sites predict a signature.')),
    r2_far_high: r2Upper,
    r2_far_resolved: r2Resolved,
    r2_far_null: maybe(number('R²', 'The same in the network with shuffled weights.')),
    reliability_kl: maybe(
      number(
        '1',
        'Split-half reliability (Spearman-Brown) of the ranking of kernels by KL, of those with a KL on every image.',
      ),
    ),
    dead_kernels: maybe(count('kernels', 'Kernels whose removal changes nothing on any image.')),
    silent_kernels: maybe(count('kernels', 'Kernels that answer none of the impulses.')),
    ...replaceabilityOfAll('all kernels of the network'),
  },
  architectures: architectureColumns,
  architecture_differences: architectureDifferenceColumns,
  layers: {
    model,
    layer,
    site,
    depth,
    normalised_depth: normalisedDepth,
    type: siteType,
    kernels: count('kernels', 'Number of kernels of the layer.'),
    parameters: count('parameters', 'Number of trained parameters of the layer.'),
    macs: count('MAC/image', 'Multiply-accumulate operations of the layer for one image.'),
    stride: number('pixels', 'Distance in the input of two neighbouring positions of the site.'),
    receptive_field: number(
      'pixels',
      'Side of the square of the input that one position of the site sees through windows; of the image where no position is left.',
    ),
    whole_image: {
      type: 'BOOLEAN',
      nullable: false,
      unit: '',
      description:
        'Whether each position sees the whole image besides, by a norm over the map, a gate, attention or a global pool.',
    },
    kernel_kl: maybe(
      number(
        'nat',
        'Mean over the kernels of the layer of the damage when one is set to zero (mean KL over images); empty where a lesioned output is not finite.',
      ),
    ),
    kernel_kl_low: maybe(number('nat', level('kernel_kl, over kernels and images', 'Lower'))),
    kernel_kl_high: maybe(number('nat', level('kernel_kl, over kernels and images', 'Upper'))),
    layer_kl: maybe(number('nat', 'Damage when the whole layer is set to zero (mean KL over images).')),
    layer_accuracy: maybe(number('share', 'Accuracy when the whole layer is set to zero.')),
    dead_kernels: maybe(count('kernels', 'Kernels of the layer whose removal changes nothing on any image.')),
    linearity: maybe(number('1', 'Mean share of the odd part in the energy of the responses: 1 for a linear network.')),
    r2_same_low: maybe(
      number('R²', 'Mean over kernels of how well the other kernels of the site predict a signature.'),
    ),
    r2_same_high: r2Upper,
    r2_same_resolved: r2Resolved,
    r2_far_low: maybe(number('R²', 'Mean over kernels of how well the kernels of far sites predict a signature.')),
    r2_far_high: r2Upper,
    r2_far_resolved: r2Resolved,
    ...replaceabilityOfAll('all kernels of the layer'),
  },
  kernels: kernelColumns,
  ablations: ablationColumns,
  stops: stopColumns,
  curves: curveColumns,
  pairs: pairColumns,
  interactions: interactionColumns,
  screens: screenColumns,
  quadruples: quadrupleColumns,
  contrasts: contrastColumns,
  compensation: compensationColumns,
  responses: {
    model,
    impulse: text('The impulse study, by its name.'),
    base: text('The input on which the impulse stands: a flat base by name, or an image by number.'),
    at: text('Where the impulse was given: input, or a site.'),
    channel: count('index', 'Channel of the impulse, counted from 0.'),
    row: count('pixels', 'Row of the impulse, counted from 0.'),
    column: count('pixels', 'Column of the impulse, counted from 0.'),
    amplitude: number('input units', 'Height of the impulse after preprocessing.'),
    site,
    depth,
    norm: maybe(
      number(
        'activation units',
        'L2 norm of the response over channels and positions of the site; empty where it is not finite.',
      ),
    ),
    odd_norm: maybe(number('activation units', 'L2 norm of the odd part (r(+a) − r(−a)) / 2.')),
    even_norm: maybe(number('activation units', 'L2 norm of the even part (r(+a) + r(−a)) / 2.')),
    linearity: maybe(number('1', 'Share of the odd part in the energy of the response.')),
    oddness: maybe(
      number('cosine', 'Cosine between r(+a) and −r(−a): 1 for a linear network, −1 for an even response.'),
    ),
    top: count('positions', 'First row of the site where the response is not zero.'),
    left: count('positions', 'First column of the site where the response is not zero.'),
    height: count('positions', 'Rows over which the response extends; 0 if there is none.'),
    width: count('positions', 'Columns over which the response extends; 0 if there is none.'),
    object: text('Key of the stored object that holds the response.'),
  },
  nulls: {
    model,
    kind: text(`What it is: ${choice(wordsOf(nulls))}.`),
    network: text('Its kind and number, or the name of the unrelated network.'),
    sr: maybe(number('1', 'Systemic redundancy of this null, as that of the network.')),
    sr_low: maybe(number('1', level('the systemic redundancy', 'Lower'))),
    sr_high: maybe(number('1', level('the systemic redundancy', 'Upper'))),
    sr_plugin: maybe(number('1', 'The same with averages over bases squared as they are.')),
    r2_same: maybe(
      number('R²', 'Mean over kernels of R² from the same site, lower end, by one draw of pools; empty for unrelated.'),
    ),
    r2_far: maybe(
      number('R²', 'Mean over kernels of R² from far sites, lower end, by one draw of pools; empty for unrelated.'),
    ),
  },
  excess: excessColumns,
  similarity: similarityColumns,
  between: betweenColumns,
  learning: learningColumns,
  resolutions: resolutionColumns,
  predictors: predictorColumns,
  preview: previewColumns,
  preview_checks: previewCheckColumns,
  coverage: {
    model,
    ablation: text('The ablation or impulse study, by its name; baseline for the intact network.'),
    kind: text('What was asked for: profile, moments, baseline, gradients, cells, responses or nulls.'),
    planned: count('cells', 'Cells that the study asks for.'),
    committed: count('cells', 'Cells that are stored.'),
    failed: count('cells', 'Cells that were recorded as failed after every try, or whose order rests on what failed.'),
    no_op: count('cells', 'Stored cells whose lesion changed nothing.'),
    images: count('images', 'Images that each condition covers.'),
  },
} as const satisfies Readonly<Record<string, Columns>>;

export type TableName = keyof typeof columns;

/** Names of all tables, in the order in which they are written and documented. */
export const tableNames = Object.keys(columns) as readonly TableName[];

/** Columns of a table with their names, in order. */
export function columnsOf(table: TableName): (readonly [name: string, column: Column])[] {
  return Object.entries<Column>(columns[table] as Readonly<Record<string, Column>>);
}

/** What the rows of a table are. */
export const tableDescriptions: Readonly<Record<TableName, string>> = {
  models: 'One row for each network: size, accuracy, robustness and redundancy.',
  architectures:
    'One row for each quantity of each architecture of which the study has several trainings: its mean over them, and how far they are apart.',
  architecture_differences:
    'One row for each quantity and two such architectures: by how much they differ, and whether that is told.',
  layers: 'One row for each layer of each network.',
  kernels: 'One row for each kernel of each network.',
  ablations: 'One row for each condition: what was removed, and what it did to the network.',
  stops: 'One row for each condition of an adaptive ablation: on how many images it was stopped, and why.',
  curves: 'One row for each removed fraction: means over the conditions.',
  pairs: 'One row for each pair of units that were removed alone and together.',
  interactions:
    'One row for each group of pairs: mean interaction within layers, across them, and by distance in depth.',
  screens:
    'One row for each measure and rank of each ablation whose pairs are screened: how much of what is large was missed.',
  quadruples:
    'One row for each quadruple: the excess of its two pairs within a layer and its two across, and their contrast.',
  contrasts: 'One row for the quadruples of an ablation, and for those of each distance: their mean contrast.',
  compensation: 'One row for each residual branch: what its removal does, in all and directly.',
  responses: 'One row for each response of a site to an impulse.',
  nulls: 'One row for each null of each network: what it gives where the network gives its redundancy.',
  excess:
    'One row for each measure of redundancy of a network and kind of null: what the network has more, and its rank among them.',
  similarity: 'One row for each ordered pair of sites: the long-range redundancy matrix.',
  between: 'One row for each site of a network and each site of another one: how well the second predicts the first.',
  learning:
    'One row for each site, kind of pool and number of base images: how R² of its kernels grows with what is known.',
  resolutions:
    'One row for each network with impulses that are resolved: how many base images that took, and whether it is.',
  predictors: 'One row for each hypothesis that a measure of a kernel predicts the damage of its removal.',
  preview:
    'One row for each condition that percuss preview predicted: what gradients say that its lesion would do. Empty where there was no preview.',
  preview_checks: 'One row for each network with a preview: how a few exact lesions agree with it.',
  coverage: 'One row for each part of the study: how much of what was asked for is there.',
};
