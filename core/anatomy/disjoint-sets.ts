/** Sets of whole numbers from 0 that are joined by and by; the least member stands for a set. */
export class DisjointSets {
  readonly #parent: Int32Array;

  constructor(size: number) {
    this.#parent = Int32Array.from({ length: size }, (_, member) => member);
  }

  get size(): number {
    return this.#parent.length;
  }

  find(member: number): number {
    let root = member;
    for (let up = this.#parent[root] as number; up !== root; up = this.#parent[root] as number) root = up;
    for (let at = member; at !== root;) {
      const up = this.#parent[at] as number;
      this.#parent[at] = root;
      at = up;
    }
    return root;
  }

  union(a: number, b: number): void {
    const [first, second] = [this.find(a), this.find(b)];
    this.#parent[Math.max(first, second)] = Math.min(first, second);
  }
}
