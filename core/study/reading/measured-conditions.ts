import type { ConditionList, LabelledCondition } from '../../plan/conditions.js';
import type { ConditionResult, ConditionResults, MeasuredCondition } from './model-results.js';

/** Conditions of a list with their results, neither of which is kept: each is made, or read, when it is asked for. */
export class MeasuredConditions implements ConditionResults {
  readonly #list: ConditionList;
  readonly #resultOf: (index: number) => ConditionResult | undefined;

  constructor(list: ConditionList, resultOf: (index: number) => ConditionResult | undefined) {
    this.#list = list;
    this.#resultOf = resultOf;
  }

  get length(): number {
    return this.#list.length;
  }

  at(index: number): MeasuredCondition | undefined {
    if (index < 0 || index >= this.length) return undefined;
    return new LazyCondition(this.#list, this.#resultOf, index);
  }

  *[Symbol.iterator](): Generator<MeasuredCondition> {
    for (let index = 0; index < this.length; index++) yield new LazyCondition(this.#list, this.#resultOf, index);
  }
}

/** A condition of which only that is made which is asked for. */
class LazyCondition implements MeasuredCondition {
  readonly #list: ConditionList;
  readonly #resultOf: (index: number) => ConditionResult | undefined;
  readonly #index: number;

  constructor(list: ConditionList, resultOf: (index: number) => ConditionResult | undefined, index: number) {
    this.#list = list;
    this.#resultOf = resultOf;
    this.#index = index;
  }

  get labelled(): LabelledCondition {
    return this.#list.at(this.#index);
  }

  get result(): ConditionResult | undefined {
    return this.#resultOf(this.#index);
  }
}
