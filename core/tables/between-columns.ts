import { count, maybe, normalisedDepth, number, r2Resolved, text, type Columns } from './column.js';

const r2 = (description: string) => maybe(number('R²', description));

/** The table `between`. */
export const betweenColumns = {
  model_a: text('The network whose kernels are predicted, by its name in the study.'),
  model_b: text('The network whose kernels predict.'),
  site_a: text('A site of the first network.'),
  site_b: text('A site of the other one.'),
  depth_a: { ...normalisedDepth, description: 'Normalised depth of site_a in its network: 0 first site, 1 last.' },
  depth_b: { ...normalisedDepth, description: 'Normalised depth of site_b in its network.' },
  nearest: {
    type: 'BOOLEAN',
    nullable: false,
    unit: '',
    description:
      'True if no site of the other network lies nearer to site_a in normalised depth (of several the first).',
  } as const,
  kernels: maybe(count('kernels', 'Kernels of site_b that predict; empty where the two got no impulses in common.')),
  r2_low: r2(
    'Mean over kernels of site_a of R² from those of site_b on the same impulses, as a fit to other bases predicts it: the lower end.',
  ),
  r2_high: r2('The same as fitted to the very bases that are scored: the upper end.'),
  r2_resolved: r2Resolved,
  r2_null: r2('Mean of r2_low over shuffled networks in the place of model_b, the first three; of nearest sites only.'),
  r2_excess: r2('r2_low less r2_null.'),
  rarefied_kernels: maybe(
    count(
      'kernels',
      'Kernels on either side of the numbers below; empty where a site has too few live ones, or the two got no impulses in common.',
    ),
  ),
  rarefied: r2(
    'Mean over kernels of site_a of R² from as few of site_b, lower end, over two draws of both: what every shuffled network is asked, for all pairs of sites.',
  ),
  rarefied_null: r2('Mean of the same over all shuffled networks in the place of model_b.'),
  rarefied_null_sd: r2('Standard deviation of the same over these, from two on.'),
  rarefied_excess: r2('rarefied less rarefied_null.'),
  rarefied_p: maybe(number('probability', 'Rank p of this pair of sites alone among these networks.')),
  rarefied_p_adjusted: maybe(
    number(
      'probability',
      'Rank p of this pair, on a scale of its own, among all pairs of all these networks, adjusted for the number of pairs of sites (Benjamini and Yekutieli); never below 1 / (1 + networks).',
    ),
  ),
  rarefied_discovered: maybe({
    type: 'BOOLEAN',
    nullable: false,
    unit: '',
    description: 'Whether rarefied is above 0 and rarefied_p_adjusted at most the study’s false discovery rate.',
  } as const),
  examples: maybe(count('images', 'Images on which activations were compared; empty below 100 common ones.')),
  cka: maybe(
    number(
      '1',
      'Debiased linear CKA of the activations of both sites on these images, each channel over its deviation: about 0 for unrelated sites.',
    ),
  ),
} as const satisfies Columns;
