/** Places of images: those that choose what goes, and those that have no part in the choice. */
export interface Halves {
  readonly choosing: readonly number[];
  readonly fresh: readonly number[];
}

/**
 * Deals images into halves, class by class: of each class every second image chooses, and every second class begins with one that does. By place
 * alone it would not do: a seeded order deals the classes in turn, so that of ten classes of one size every second place holds the same five.
 * More images leave the earlier ones where they were.
 */
export function halvesOf(labels: ArrayLike<number>): Halves {
  const [choosing, fresh]: [number[], number[]] = [[], []];
  const next = new Map<number, boolean>();
  for (let place = 0; place < labels.length; place++) {
    const label = labels[place] as number;
    const chooses = next.get(label) ?? next.size % 2 === 0;
    (chooses ? choosing : fresh).push(place);
    next.set(label, !chooses);
  }
  return { choosing, fresh };
}
