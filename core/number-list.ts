/** Numbers one after the other, in float64: 8 bytes each, and room for more. */
export class NumberList {
  #values = new Float64Array(16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const more = new Float64Array(2 * this.#length);
      more.set(this.#values);
      this.#values = more;
    }
    this.#values[this.#length++] = value;
  }

  /** Those there are by now; shares their memory. */
  values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }
}
