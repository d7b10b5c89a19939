/** Gives every name once: the second `conv` becomes `conv#2`. */
export class Names {
  readonly #taken = new Set<string>();

  claim(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.#taken.has(name); i++) name = `${wanted}#${i}`;
    this.#taken.add(name);
    return name;
  }
}
