/** How many pixels are decoded at once: whoever wants more waits until others are done. */
export class PixelBudget {
  readonly #total: number;
  #used = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(total: number) {
    this.#total = total;
  }

  /** Runs `work` once so many pixels are free; one that wants more than there are at all runs alone. */
  async with<T>(pixels: number, work: () => Promise<T>): Promise<T> {
    while (this.#used > 0 && this.#used + pixels > this.#total) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#used += pixels;
    try {
      return await work();
    } finally {
      this.#used -= pixels;
      for (const next of this.#waiting.splice(0)) next();
    }
  }
}
