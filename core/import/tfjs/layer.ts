import { PercussError } from '../../errors.js';
import { float32, type Tensor } from '../../tensor.js';
import type { Attribute, ValueId } from '../../network/graph.js';
import type { OperatorName } from '../../network/operators/table.js';
import { isMap, type Activation, type Form, type GraphBuilder } from './builder.js';
import { invalidModel, type LayerConfig } from './config.js';
import type { Weights } from './weights.js';

/** One call of a layer: what its importer needs to turn it into nodes. */
export class LayerCall {
  readonly model: string;
  /** The layer's own name, as weights have it. */
  readonly name: string;
  /** With the names of the models around it. */
  readonly path: string;
  readonly className: string;
  /** Of Keras: what some functions compute depends on it. */
  readonly generation: number;
  readonly config: LayerConfig;
  readonly inputs: readonly Activation[];
  readonly builder: GraphBuilder;
  readonly #weights: Weights;

  constructor(
    layer: Pick<LayerCall, 'model' | 'name' | 'path' | 'className' | 'generation'>,
    config: LayerConfig,
    inputs: readonly Activation[],
    builder: GraphBuilder,
    weights: Weights,
  ) {
    ({ model: this.model, name: this.name, path: this.path, className: this.className } = layer);
    this.generation = layer.generation;
    this.config = config;
    this.inputs = inputs;
    this.builder = builder;
    this.#weights = weights;
  }

  /** Its only input. @throws PercussError MODEL_INVALID. */
  get input(): Activation {
    const [input, ...others] = this.inputs;
    if (!input || others.length > 0) throw this.invalid(`takes one input, got ${this.inputs.length}`);
    return input;
  }

  /** Its only input, which must be a map; [height, width, channels]. @throws PercussError MODEL_INVALID. */
  map(): { readonly value: ValueId; readonly shape: readonly [number, number, number] } {
    const { input } = this;
    const [height, width, channels] = input.shape;
    if (height === undefined || width === undefined || channels === undefined || !isMap(input)) {
      throw this.invalid(`takes [height, width, channels], got [${input.shape.join(', ')}]`);
    }
    if (this.config.text('data_format', 'channels_last') !== 'channels_last') {
      throw this.unsupported('data_format channels_first');
    }
    return { value: this.builder.form(input, 'nchw'), shape: [height, width, channels] };
  }

  padding(): 'same' | 'valid' {
    const padding = this.config.text('padding', 'valid');
    if (padding !== 'same' && padding !== 'valid') throw this.unsupported(`padding ${padding}`);
    return padding;
  }

  weight(part: string): { readonly name: string; readonly tensor: Tensor<'float32'> } {
    return this.#weights.get(this.name, part);
  }

  hasWeight(part: string): boolean {
    return this.#weights.has(this.name, part);
  }

  constant(name: string, tensor: Tensor): ValueId {
    return this.builder.constant(name, tensor);
  }

  scalar(name: string, value: number): ValueId {
    return this.constant(`${this.path}/${name}`, float32([], [value]));
  }

  /** A node of this layer: its main one, or one that `part` names. */
  node(
    op: OperatorName,
    part: string,
    inputs: readonly ValueId[],
    attributes: Readonly<Record<string, Attribute>> = {},
    aliases: readonly string[] = [],
  ): ValueId {
    return this.builder.node(op, part === '' ? this.path : `${this.path}/${part}`, inputs, { attributes, aliases });
  }

  invalid(complaint: string): PercussError {
    return invalidModel(this.model, `layer "${this.name}" (${this.className}) ${complaint}`);
  }

  unsupported(what: string): PercussError {
    return new PercussError(
      'MODEL_UNSUPPORTED',
      `"${this.model}": layer "${this.name}" (${this.className}) uses ${what}, which percuss does not support`,
      { details: { model: this.model, layer: this.name, class: this.className } },
    );
  }
}

/** A single form of an activation. */
export const inForm = (shape: readonly number[], form: Form, value: ValueId): Activation => ({
  shape,
  forms: { [form]: value },
});

/** Turns one call of a layer into nodes. */
export type LayerImporter = (call: LayerCall) => Activation;
