/** Gives every name once: the second `conv` becomes `conv#2`. */
export class Names {
  readonly #taken = new Set<string>();
  /** Where the search for a free number goes on: many nodes may ask for one name. */
  readonly #next = new Map<string, number>();

  claim(wanted: string): string {
    let name = wanted;
    let i = this.#next.get(wanted) ?? 2;
    for (; this.#taken.has(name); i++) name = `${wanted}#${i}`;
    this.#next.set(wanted, i);
    this.#taken.add(name);
    return name;
  }
}
