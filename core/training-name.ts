/**
 * Trainings of one architecture are networks of their own, by the names `NAME@01`, `NAME@02`, …: no name that a spec gives holds an `@`, two
 * digits sort as they count, and no file system or shell minds them.
 */

/** What stands between an architecture and the number of its training. */
const MARK = '@';

/** The name of a training of an architecture, by its place in the list, from 0. */
export function trainingName(architecture: string, place: number): string {
  return `${architecture}${MARK}${String(place + 1).padStart(2, '0')}`;
}

/** The architecture of a network: its own name where it is no training of several. */
export function architectureOf(model: string): string {
  const at = model.lastIndexOf(MARK);
  return at < 0 ? model : model.slice(0, at);
}

/** The place of a training in the list of its architecture, from 0; undefined for a network that is none. */
export function trainingPlace(model: string): number | undefined {
  const at = model.lastIndexOf(MARK);
  return at < 0 ? undefined : Number(model.slice(at + 1)) - 1;
}

/** Whether this network speaks for its architecture where all trainings among some networks have to say the same: the first of them does. */
export function speaksFor(model: string, among: readonly string[]): boolean {
  return among.find((other) => architectureOf(other) === architectureOf(model)) === model;
}
