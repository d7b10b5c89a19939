import { PercussError } from '../../errors.js';

export interface JsonObject {
  readonly [key: string]: unknown;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The items of a JSON array; none of anything else. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A complaint about a Keras model, in whatever file. */
export function invalidModel(model: string, complaint: string): PercussError {
  return new PercussError('MODEL_INVALID', `model "${model}": ${complaint}`, { details: { model } });
}

/** A layer's settings, read with their types and Keras's defaults. Every complaint names model, layer and setting. */
export class LayerConfig {
  readonly #model: string;
  readonly #layer: string;
  readonly #settings: JsonObject;

  constructor(model: string, layer: string, settings: JsonObject) {
    this.#model = model;
    this.#layer = layer;
    this.#settings = settings;
  }

  has(key: string): boolean {
    return this.#settings[key] !== undefined && this.#settings[key] !== null;
  }

  raw(key: string): unknown {
    return this.#settings[key];
  }

  number(key: string, otherwise?: number): number {
    const value = this.#settings[key] ?? otherwise;
    if (typeof value !== 'number') throw this.#wrong(key, 'a number');
    return value;
  }

  boolean(key: string, otherwise: boolean): boolean {
    const value = this.#settings[key] ?? otherwise;
    if (typeof value !== 'boolean') throw this.#wrong(key, 'true or false');
    return value;
  }

  text(key: string, otherwise: string): string {
    const value = this.#settings[key] ?? otherwise;
    if (typeof value !== 'string') throw this.#wrong(key, 'a text');
    return value;
  }

  numbers(key: string, otherwise?: readonly number[]): readonly number[] {
    const value = this.#settings[key] ?? otherwise;
    if (!Array.isArray(value) || !value.every((item): item is number => typeof item === 'number')) {
      throw this.#wrong(key, 'a list of numbers');
    }
    return value;
  }

  /** Rows and columns; one number stands for both. */
  pair(key: string, otherwise?: readonly [number, number]): readonly [number, number] {
    const value = this.#settings[key];
    if (typeof value === 'number') return [value, value];
    const [rows, columns = rows, ...rest] = this.numbers(key, otherwise);
    if (rows === undefined || columns === undefined || rest.length > 0) throw this.#wrong(key, 'one or two numbers');
    return [rows, columns];
  }

  /** What is added or taken away at [[top, bottom], [left, right]]; shorter forms stand for symmetric ones. */
  margins(key: string): readonly [readonly [number, number], readonly [number, number]] {
    const value = this.#settings[key];
    const both = (side: unknown): readonly [number, number] => {
      if (typeof side === 'number') return [side, side];
      if (Array.isArray(side)) {
        const [before, after, ...rest] = itemsOf(side);
        if (typeof before === 'number' && typeof after === 'number' && rest.length === 0) return [before, after];
      }
      throw this.#wrong(key, 'a number, two numbers or two pairs');
    };
    if (!Array.isArray(value)) return [both(value), both(value)];
    const [rows, columns, ...rest] = itemsOf(value);
    if (rest.length > 0) throw this.#wrong(key, 'a number, two numbers or two pairs');
    return [both(rows), both(columns)];
  }

  #wrong(key: string, expected: string): PercussError {
    const got = JSON.stringify(this.#settings[key]) ?? 'nothing';
    return invalidModel(this.#model, `layer "${this.#layer}": ${key} must be ${expected}, got ${got}`);
  }
}
