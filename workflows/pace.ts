/** How fast units get done, over the last two minutes of the workflow's clock. */
export interface Pace {
  /** A batch ended: its units, and the seconds that were predicted for them. */
  add(at: number, units: number, predicted: number): void;
  /** Units a second; undefined until two batches have ended. */
  rate(): number | undefined;
  /** Seconds until `predicted` seconds of work are done at this pace. */
  secondsFor(units: number, predicted: number): number | undefined;
}

const windowMs = 120_000;
const mostEntries = 500;

export function pace(): Pace {
  let ends: { readonly at: number; readonly units: number; readonly predicted: number }[] = [];
  const over = (field: 'units' | 'predicted'): number | undefined => {
    const [first, last] = [ends[0], ends.at(-1)];
    if (first === undefined || last === undefined || last.at <= first.at) return undefined;
    // The first entry only starts the clock: its work was done before.
    const sum = ends.slice(1).reduce((total, end) => total + end[field], 0);
    return sum / ((last.at - first.at) / 1000);
  };
  return {
    add: (at, units, predicted) => {
      ends = [...ends.filter((end) => at - end.at <= windowMs), { at, units, predicted }].slice(-mostEntries);
    },
    rate: () => over('units'),
    secondsFor: (units, predicted) => {
      const speed = over('predicted');
      if (speed !== undefined && speed > 0) return predicted / speed;
      const rate = over('units');
      return rate === undefined || rate <= 0 ? undefined : units / rate;
    },
  };
}
