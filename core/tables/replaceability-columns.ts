import { level, maybe, number } from './column.js';

/** Columns of replaceability from both kinds of other kernels, and from none; `what`: 1 less which damage over which. */
export function replaceabilityColumns(what: (fill: string) => string) {
  const estimate = (from: string, fill: string) => maybe(number('1', `Replaceability from ${from}: ${what(fill)}`));
  const low = maybe(
    number(
      '1',
      `${level('the same, for images like these', 'Lower')} Empty where the damage with the mean is not told from 0: then nothing is resolved.`,
    ),
  );
  const high = maybe(number('1', level('the same, for images like these', 'Upper')));
  return {
    replaceability_same: estimate('the kernels that stay at the site', 'substitute'),
    replaceability_same_low: low,
    replaceability_same_high: high,
    replaceability_earlier: estimate('kernels of sites before it', 'substitute-earlier'),
    replaceability_earlier_low: low,
    replaceability_earlier_high: high,
    replaceability_constant: estimate('no kernel, by the best constant', 'optimal'),
    replaceability_constant_low: low,
    replaceability_constant_high: high,
  } as const;
}

/** Of several kernels together: `which` they are. */
export const replaceabilityOfAll = (which: string) =>
  replaceabilityColumns(
    (fill) =>
      `1 less the KL summed over ${which}, left out one at a time with ${fill} in their place, over that with mean, of those of which other kernels tell (none are earlier than a first layer); empty unless all of these were, or where there are none.`,
  );
