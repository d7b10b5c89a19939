/** What predictors are held against; both hypotheses are stated beforehand (design §2, "Predict, then lesion"). */
export interface Hypothesis {
  /** Name of the target in the table `predictors`. */
  readonly target: string;
  /** What stands in the place of the removed kernel. */
  readonly fill: string;
  /** Where the target is a ratio: the fill whose damage is below the line. */
  readonly against?: string;
}

/** The fills that ask what others can say about a kernel, and that which asks what is lost with it. */
const [substituted, lost] = [['substitute', 'substitute-earlier'], 'mean'] as const;

/** The hypotheses that a study with these fills tests: damage under each of them, and replaceability where it has both fills. */
export function hypothesesOf(fills: readonly string[]): Hypothesis[] {
  const damage = fills.map((fill) => ({ target: 'kl', fill }));
  const told = fills.includes(lost) ? substituted.filter((fill) => fills.includes(fill)) : [];
  return [...damage, ...told.map((fill) => ({ target: `log(${fill}/${lost})`, fill, against: lost }))];
}
