import { ablation, count, draw, fill, level, maybe, model, nonFinite, number, text, type Columns } from './column.js';

/** The table `pairs`. */
export const pairColumns = {
  model,
  ablation,
  unit: text('What was removed: kernel, layer, block or stream.'),
  index: count('index', 'Number of the joint condition within the ablation of the model, as in the table ablations.'),
  fill,
  draw,
  layer_a: text('Layer, block or stream of the unit that comes first along the network.'),
  channel_a: maybe(count('index', 'Its channel, counted from 0; empty for a whole layer or block.')),
  layer_b: text('Layer, block or stream of the other unit.'),
  channel_b: maybe(count('index', 'Its channel, counted from 0; empty for a whole layer or block.')),
  relation: text('layer: both of one layer or stream; across: of two.'),
  depth_a: number('1', 'Normalised depth of the first site at which the first unit is cut: 0 first site, 1 last.'),
  depth_b: number('1', 'Normalised depth of the first site at which the other unit is cut.'),
  distance: number('1', 'Difference of the two normalised depths.'),
  screened: maybe(
    text(
      'Where pairs are screened: kept (for what its two do alone) or random (drawn by chance of the others); else empty.',
    ),
  ),
  weight: number(
    '1',
    'For how many pairs of the ablation this one stands in a mean over all: 1, but more of random ones (rest / random of the table screens).',
  ),
  kl_a: maybe(number('nat', 'Damage of the first unit alone: mean over images of KL(baseline ‖ lesioned).')),
  kl_b: maybe(number('nat', 'Damage of the other unit alone.')),
  kl_joint: maybe(number('nat', 'Damage of both together.')),
  kl_additive: maybe(
    number(
      'nat',
      'Damage of both together, were what each alone changes of the logits to add up: mean over images of KL(p ‖ softmax(z + Δz_a + Δz_b)); kl_joint − excess. Empty without kept outputs.',
    ),
  ),
  excess: maybe(
    number(
      'nat',
      'Mean over images of the damage of both less the additive one: above 0 where each covers for the other, below 0 where one loses what the other needs, 0 to rounding (1e-6) in a network that is additive in its logits.',
    ),
  ),
  excess_low: maybe(number('nat', level('excess, over images', 'Lower'))),
  excess_high: maybe(number('nat', level('excess, over images', 'Upper'))),
  kl_interaction: maybe(
    number(
      'nat',
      'Mean over images of kl_joint − kl_a − kl_b, a description: KL is curved, so that it is not 0 in a network that is additive in its logits; empty where one of the three is not there for every image.',
    ),
  ),
  kl_interaction_low: maybe(number('nat', level('kl_interaction, over images', 'Lower'))),
  kl_interaction_high: maybe(number('nat', level('kl_interaction, over images', 'Upper'))),
  delta_loss_a: maybe(number('nat', 'Mean over images of the change in cross-entropy loss, the first unit alone.')),
  delta_loss_b: maybe(number('nat', 'The same, the other unit alone.')),
  delta_loss_joint: maybe(number('nat', 'The same, both together.')),
  delta_loss_interaction: maybe(number('nat', 'Mean over images of the joint change less the two single ones.')),
  delta_loss_interaction_low: maybe(number('nat', level('delta_loss_interaction, over images', 'Lower'))),
  delta_loss_interaction_high: maybe(number('nat', level('delta_loss_interaction, over images', 'Upper'))),
  images: count('images', 'Number of images evaluated.'),
  non_finite: nonFinite(
    'of both units removed or of one alone; there is then no interaction, and kl_a, kl_b and kl_joint are means over those that are finite',
  ),
  state: text(
    'State of the joint condition: ok, no-op (it changed nothing), or failed (a cell of it, or of a unit alone, failed).',
  ),
} as const satisfies Columns;

/** The table `interactions`. */
export const interactionColumns = {
  model,
  ablation,
  unit: text('What was removed: kernel, layer, block or stream.'),
  fill,
  measure: text(
    'Of what: excess (over additivity in the logits), or kl or delta_loss (of both less those of each alone, a description).',
  ),
  part: text('Which pairs: layer (both of one), across (of two layers), distance (across, of some distance in depth).'),
  distance_low: maybe(number('1', 'part distance: least distance in normalised depth, itself left out unless 0.')),
  distance_high: maybe(number('1', 'part distance: largest distance in normalised depth.')),
  distance: maybe(number('1', 'Mean distance of the pairs.')),
  pairs: count(
    'pairs',
    'Number of pairs that were measured; where pairs are screened they count with the weights of the table pairs.',
  ),
  left_out: count(
    'pairs',
    'Pairs that were asked for and are not in the mean: a cell failed, or an output is not finite.',
  ),
  units: count('units', 'Number of different units in these pairs.'),
  singles: maybe(number('nat', 'Mean over the pairs of kl_a + kl_b.')),
  interaction: maybe(number('nat', 'Mean interaction over pairs and images.')),
  low: maybe(number('nat', level('interaction, over pairs, the units they share, and images', 'Lower'))),
  high: maybe(number('nat', level('interaction, over pairs, the units they share, and images', 'Upper'))),
} as const satisfies Columns;
