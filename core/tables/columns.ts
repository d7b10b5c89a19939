import type { TableName, Tables } from './schema.js';

/** Version of the columns below, written into every Parquet file. Raised when a column is renamed, removed or changes its meaning. */
export const tablesVersion = 1;

export type RowOf<T extends TableName> = Tables[T][number];
export type ColumnType = 'VARCHAR' | 'BOOLEAN' | 'BIGINT' | 'DOUBLE';

type TypeOf<V> =
  NonNullable<V> extends string ? 'VARCHAR' : NonNullable<V> extends boolean ? 'BOOLEAN' : 'BIGINT' | 'DOUBLE';

/** A column: its DuckDB and Parquet type, whether values may be missing, its unit ('' for names, '1' for pure numbers). */
export interface Column {
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly unit: string;
  readonly description: string;
}

interface ColumnOf<V> extends Column {
  readonly type: TypeOf<V>;
  readonly nullable: null extends V ? true : false;
}

type Columns<Row> = { readonly [K in keyof Row]-?: ColumnOf<Row[K]> };

const text = (description: string) => ({ type: 'VARCHAR', nullable: false, unit: '', description }) as const;
const count = (unit: string, description: string) => ({ type: 'BIGINT', nullable: false, unit, description }) as const;
const number = (unit: string, description: string) => ({ type: 'DOUBLE', nullable: false, unit, description }) as const;
const maybe = <C extends { readonly nullable: false }>(
  column: C,
): Omit<C, 'nullable'> & { readonly nullable: true } => ({
  ...column,
  nullable: true,
});

const model = text('The network, by its name in the study.');
const ablation = text('The ablation, by its name in the study.');
const layer = text('The layer, by its module path where one could be recovered.');
const site = text('The site: the value at which the kernels of a layer are cut or recorded.');
const depth = count('sites', 'Position of the site along the network, in topological order, counted from 0.');
const normalisedDepth = number('1', 'Depth divided by the depth of the last site: 0 is the first site and 1 the last.');
const siteType = text('What values the site can hold: signed, or rectified (never negative).');
const fill = text('What takes the place of the removed channels: zero, mean, mean-position or resample.');
const spread = maybe(text('Where random lesions lie: one-layer, matched or all-depths; empty for other modes.'));
const level = (of: string, end: 'Lower' | 'Upper') => `${end} end of the interval of ${of}, at the level of the study.`;

/** Every column of every table, in the order in which it stands in the files. The compiler holds it to the row types. */
export const columns: { readonly [T in TableName]: Columns<RowOf<T>> } = {
  models: {
    model,
    format: text('Format of the file: onnx or tfjs.'),
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
    sr: maybe(
      number(
        '1',
        'Systemic redundancy of the intact network: 0 for orthogonal sites, 1 when all lie within the largest.',
      ),
    ),
    sr_low: maybe(number('1', level('the systemic redundancy', 'Lower'))),
    sr_high: maybe(number('1', level('the systemic redundancy', 'Upper'))),
    sr_null: maybe(number('1', 'Systemic redundancy of the same architecture with weights shuffled within layers.')),
    sr_excess: maybe(number('1', 'Systemic redundancy less that of the null.')),
    r2_same: maybe(
      number('R²', 'Mean over kernels of how well the other kernels of the same site predict a signature.'),
    ),
    r2_same_null: maybe(number('R²', 'The same in the network with shuffled weights.')),
    r2_far: maybe(number('R²', 'Mean over kernels of how well the kernels of far sites predict a signature.')),
    r2_far_null: maybe(number('R²', 'The same in the network with shuffled weights.')),
    reliability_kl: maybe(number('1', 'Split-half reliability (Spearman-Brown) of the ranking of kernels by KL.')),
    dead_kernels: maybe(count('kernels', 'Kernels whose removal changes nothing on any image.')),
    silent_kernels: maybe(count('kernels', 'Kernels that answer none of the impulses.')),
  },
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
    receptive_field: number('pixels', 'Side of the square of the input that one position of the site can see.'),
    kernel_kl: maybe(
      number('nat', 'Mean over the kernels of the layer of the damage when one is set to zero (mean KL over images).'),
    ),
    kernel_kl_low: maybe(number('nat', level('kernel_kl, over kernels and images', 'Lower'))),
    kernel_kl_high: maybe(number('nat', level('kernel_kl, over kernels and images', 'Upper'))),
    layer_kl: maybe(number('nat', 'Damage when the whole layer is set to zero (mean KL over images).')),
    layer_accuracy: maybe(number('share', 'Accuracy when the whole layer is set to zero.')),
    dead_kernels: maybe(count('kernels', 'Kernels of the layer whose removal changes nothing on any image.')),
    linearity: maybe(number('1', 'Mean share of the odd part in the energy of the responses: 1 for a linear network.')),
    r2_same: maybe(number('R²', 'Mean over kernels of how well the other kernels of the site predict a signature.')),
    r2_far: maybe(number('R²', 'Mean over kernels of how well the kernels of far sites predict a signature.')),
  },
  kernels: {
    model,
    layer,
    site,
    channel: count('index', 'The kernel: its channel at the site, counted from 0.'),
    type: siteType,
    normalised_depth: normalisedDepth,
    weight_norm: number('weight units', 'L1 norm of the weights of the kernel.'),
    activation_mean: maybe(number('activation units', 'Mean activation over reference images and positions.')),
    activation_std: maybe(
      number('activation units', 'Standard deviation of the activation over reference images and positions.'),
    ),
    kl: maybe(number('nat', 'Damage when the kernel is set to zero: mean over images of KL(baseline ‖ lesioned).')),
    kl_low: maybe(number('nat', level('kl, over images', 'Lower'))),
    kl_high: maybe(number('nat', level('kl, over images', 'Upper'))),
    delta_loss: maybe(number('nat', 'Mean over images of the change in cross-entropy loss.')),
    flips: maybe(number('share', 'Share of images whose predicted class changes.')),
    state: text('State of the removal: ok, no-op, partial (some chunks missing), failed, or missing.'),
    silent: maybe({
      type: 'BOOLEAN',
      nullable: false,
      unit: '',
      description: 'True if the kernel answers none of the impulses.',
    } as const),
    linearity: maybe(number('1', 'Mean share of the odd part in the energy of its responses.')),
    response_norm: maybe(
      number('activation units', 'Root mean square, over impulses, of the L2 norm of its responses.'),
    ),
    r2_same: maybe(number('R²', 'How well the other kernels of the site predict its signature.')),
    r2_far: maybe(number('R²', 'How well the kernels of far sites predict its signature.')),
    r2_same_null: maybe(
      number('R²', 'The same for this kernel’s place in networks with shuffled weights, mean over them.'),
    ),
    r2_far_null: maybe(
      number('R²', 'The same for this kernel’s place in networks with shuffled weights, mean over them.'),
    ),
  },
  ablations: {
    model,
    ablation,
    mode: text('How the conditions were chosen: each, pairs, random or cumulative.'),
    unit: text('What was removed: kernel, layer, block or stream.'),
    index: count('index', 'Number of the condition within the ablation of the model, counted from 0.'),
    layers: text('Layers in which channels were removed, shortened with a count when many.'),
    channels: text('Layers with the removed channels, as in layer1.0.conv1[3,7], shortened with a count when many.'),
    removed: count('units', 'How many kernels, layers, blocks or stream channels were removed.'),
    removed_fraction: number('share', 'Removed channels as a share of all that the ablation may remove.'),
    fill,
    draw: maybe(count('index', 'Which draw of donors, for resample; empty for other fills.')),
    fraction: maybe(number('share', 'The fraction asked for in the study; empty for modes each and pairs.')),
    trial: maybe(count('index', 'Which trial of a random ablation; empty for other modes.')),
    spread,
    match: maybe(text('Shared by a one-layer lesion and its matched lesion of the same size; empty elsewhere.')),
    images: count('images', 'Number of images evaluated.'),
    correct: count('images', 'Number of images classified correctly.'),
    accuracy: number('share', 'Share of images classified correctly.'),
    accuracy_low: number('share', level('the accuracy', 'Lower')),
    accuracy_high: number('share', level('the accuracy', 'Upper')),
    kl: number('nat', 'Damage: mean over images of KL(baseline ‖ lesioned).'),
    kl_low: number('nat', level('kl', 'Lower')),
    kl_high: number('nat', level('kl', 'Upper')),
    delta_loss: number('nat', 'Mean over images of the change in cross-entropy loss.'),
    abs_delta_loss: number('nat', 'Mean over images of the absolute change in cross-entropy loss.'),
    flips: number('share', 'Share of images whose predicted class changes.'),
    effect: number(
      'activation units',
      'Largest absolute change that the edits made at their sites; 0 means that the lesion did not act.',
    ),
    state: text('ok, no-op (the lesion changed nothing), partial (some chunks missing) or failed.'),
  },
  curves: {
    model,
    ablation,
    mode: text('How the conditions were chosen: random or cumulative.'),
    unit: text('What was removed: kernel, layer, block or stream.'),
    spread,
    fill,
    fraction: number('share', 'Removed fraction.'),
    conditions: count('conditions', 'Number of conditions averaged.'),
    accuracy: number('share', 'Mean accuracy over the conditions.'),
    accuracy_low: number('share', level('the mean accuracy', 'Lower')),
    accuracy_high: number('share', level('the mean accuracy', 'Upper')),
    kl: number('nat', 'Mean over the conditions of the mean KL over images.'),
    kl_low: number('nat', level('kl', 'Lower')),
    kl_high: number('nat', level('kl', 'Upper')),
  },
  pairs: {
    model,
    ablation,
    unit: text('What was removed: kernel, layer, block or stream.'),
    index: count('index', 'Number of the joint condition within the ablation of the model, as in the table ablations.'),
    fill,
    draw: maybe(count('index', 'Which draw of donors, for resample; empty for other fills.')),
    layer_a: text('Layer, block or stream of the unit that comes first along the network.'),
    channel_a: maybe(count('index', 'Its channel, counted from 0; empty for a whole layer or block.')),
    layer_b: text('Layer, block or stream of the other unit.'),
    channel_b: maybe(count('index', 'Its channel, counted from 0; empty for a whole layer or block.')),
    relation: text('layer: both of one layer or stream; across: of two.'),
    depth_a: number('1', 'Normalised depth of the first site at which the first unit is cut: 0 first site, 1 last.'),
    depth_b: number('1', 'Normalised depth of the first site at which the other unit is cut.'),
    distance: number('1', 'Difference of the two normalised depths.'),
    kl_a: number('nat', 'Damage of the first unit alone: mean over images of KL(baseline ‖ lesioned).'),
    kl_b: number('nat', 'Damage of the other unit alone.'),
    kl_joint: number('nat', 'Damage of both together.'),
    kl_interaction: number(
      'nat',
      'Mean over images of kl_joint − kl_a − kl_b: above 0 where each covers for the other.',
    ),
    kl_interaction_low: number('nat', level('kl_interaction, over images', 'Lower')),
    kl_interaction_high: number('nat', level('kl_interaction, over images', 'Upper')),
    delta_loss_a: number('nat', 'Mean over images of the change in cross-entropy loss, the first unit alone.'),
    delta_loss_b: number('nat', 'The same, the other unit alone.'),
    delta_loss_joint: number('nat', 'The same, both together.'),
    delta_loss_interaction: number('nat', 'Mean over images of the joint change less the two single ones.'),
    delta_loss_interaction_low: number('nat', level('delta_loss_interaction, over images', 'Lower')),
    delta_loss_interaction_high: number('nat', level('delta_loss_interaction, over images', 'Upper')),
    images: count('images', 'Number of images evaluated.'),
    state: text('State of the joint condition: ok, or no-op (it changed nothing). Pairs that lack a cell have no row.'),
  },
  interactions: {
    model,
    ablation,
    unit: text('What was removed: kernel, layer, block or stream.'),
    fill,
    measure: text('Of which damage: kl or delta_loss.'),
    part: text(
      'Which pairs: layer (both of one), across (of two layers), distance (across, of some distance in depth); or difference: across less layer, among pairs of about equal single damage.',
    ),
    distance_low: maybe(number('1', 'part distance: least distance in normalised depth, itself left out unless 0.')),
    distance_high: maybe(number('1', 'part distance: largest distance in normalised depth.')),
    distance: number('1', 'Mean distance of the pairs.'),
    pairs: count('pairs', 'Number of pairs; of a difference, those that could be matched by single damage.'),
    units: count('units', 'Number of different units in these pairs.'),
    singles: number('nat', 'Mean over the pairs of kl_a + kl_b.'),
    interaction: number('nat', 'Mean interaction over pairs and images, or the difference of two such means.'),
    low: number('nat', level('interaction, over pairs, the units they share, and images', 'Lower')),
    high: number('nat', level('interaction, over pairs, the units they share, and images', 'Upper')),
    p: maybe(
      number('probability', 'Of a difference at least as large if it did not matter which pairs are called across.'),
    ),
  },
  responses: {
    model,
    network: text('The network probed: intact, or the null with shuffled weights and its number.'),
    impulse: text('The impulse study, by its name.'),
    base: text('The input on which the impulse stands: a flat base by name, or an image by number.'),
    at: text('Where the impulse was given: input, or a site.'),
    channel: count('index', 'Channel of the impulse, counted from 0.'),
    row: count('pixels', 'Row of the impulse, counted from 0.'),
    column: count('pixels', 'Column of the impulse, counted from 0.'),
    amplitude: number('input units', 'Height of the impulse after preprocessing.'),
    site,
    depth,
    norm: number('activation units', 'L2 norm of the response over channels and positions of the site.'),
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
  similarity: {
    model,
    site_a: text('The site whose signatures are predicted.'),
    site_b: text('The site whose signatures predict.'),
    depth_a: count('sites', 'Depth of site_a, counted from 0.'),
    depth_b: count('sites', 'Depth of site_b, counted from 0.'),
    type_a: text('Type of site_a: signed or rectified.'),
    type_b: text('Type of site_b: signed or rectified.'),
    kernels: count('kernels', 'Kernels of site_a that entered the mean.'),
    r2: number('R²', 'Mean over kernels of R² on held-out impulses, by ridge regression.'),
    r2_null: maybe(number('R²', 'The same in the network with shuffled weights.')),
    excess: maybe(number('R²', 'r2 less r2_null.')),
  },
  predictors: {
    model,
    predictor: text('What predicts: a column of the table kernels.'),
    target: text('What is predicted: a measure of damage.'),
    sites: count('sites', 'Sites with enough kernels to enter.'),
    kernels: count('kernels', 'Kernels of these sites.'),
    spearman: maybe(number('1', 'Rank correlation within sites, combined over sites by Fisher z.')),
    low: maybe(number('1', level('the rank correlation', 'Lower'))),
    high: maybe(number('1', level('the rank correlation', 'Upper'))),
    p: maybe(number('probability', 'Probability of a correlation at least as strong if there were none.')),
    p_adjusted: maybe(number('probability', 'The same, adjusted for the number of hypotheses tested.')),
    discovered: maybe({
      type: 'BOOLEAN',
      nullable: false,
      unit: '',
      description: 'Whether p_adjusted is at most the study’s false discovery rate.',
    } as const),
    partial: maybe(number('1', 'Rank correlation given activation deviation and weight norm, within sites.')),
    reliability: maybe(number('1', 'Split-half reliability of the target.')),
    ceiling: maybe(number('1', 'Highest correlation that the reliability of the target allows.')),
  },
  coverage: {
    model,
    ablation: text('The ablation or impulse study, by its name; baseline for the intact network.'),
    kind: text('What was asked for: profile, baseline, cells or responses.'),
    planned: count('cells', 'Cells that the study asks for.'),
    committed: count('cells', 'Cells that are stored.'),
    failed: count('cells', 'Cells that were recorded as failed after every try.'),
    no_op: count('cells', 'Stored cells whose lesion changed nothing.'),
    images: count('images', 'Images that each condition covers.'),
  },
};

/** Names of all tables, in the order in which they are written and documented. */
export const tableNames = Object.keys(columns) as readonly TableName[];

/** Columns of a table with their names, in order. */
export function columnsOf(table: TableName): (readonly [name: string, column: Column])[] {
  return Object.entries<Column>(columns[table] as Readonly<Record<string, Column>>);
}

/** What the rows of a table are. */
export const tableDescriptions: Readonly<Record<TableName, string>> = {
  models: 'One row for each network: size, accuracy, robustness and redundancy.',
  layers: 'One row for each layer of each network.',
  kernels: 'One row for each kernel of each network.',
  ablations: 'One row for each condition: what was removed, and what it did to the network.',
  curves: 'One row for each removed fraction: means over the conditions.',
  pairs: 'One row for each pair of units that were removed alone and together.',
  interactions:
    'One row for each group of pairs: mean interaction within layers, across them, and by distance in depth.',
  responses: 'One row for each response of a site to an impulse.',
  similarity: 'One row for each ordered pair of sites: the long-range redundancy matrix.',
  predictors: 'One row for each hypothesis that a measure of a kernel predicts the damage of its removal.',
  coverage: 'One row for each part of the study: how much of what was asked for is there.',
};
