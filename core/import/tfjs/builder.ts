import type { NodeDraft } from '../../network/build.js';
import type { Attribute, GraphInput, Shape, ValueId } from '../../network/graph.js';
import { within } from '../../network/budget.js';
import { Effort } from '../effort.js';
import { Names } from '../../network/names.js';
import type { OperatorName } from '../../network/operators/table.js';
import type { Tensor } from '../../tensor.js';

/**
 * What a Keras layer hands to the next: one image's shape as Keras has it (channels last), and the graph's values that
 * hold it. Maps are kept as NCHW; the channels-last form is made by a Transpose when something looks at the order of
 * elements. Both forms hold the same floats.
 */
export interface Activation {
  /** Without the images' axis: [height, width, channels], [features], … */
  readonly shape: Shape;
  readonly forms: Partial<Record<Form, ValueId>>;
}

/** `keras`: the order of elements that Keras has; `nchw`: [images, channels, height, width], maps only. */
export type Form = 'keras' | 'nchw';

export const isMap = (activation: Activation): boolean => activation.shape.length === 3;

interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly path?: string;
  readonly aliases?: readonly string[];
}

const permutations: Readonly<Record<Form, readonly number[]>> = { nchw: [0, 3, 1, 2], keras: [0, 2, 3, 1] };

/** Collects the nodes and constants of the graph that an import builds. */
export class GraphBuilder {
  readonly nodes: NodeDraft[] = [];
  readonly inputs: GraphInput[] = [];
  readonly constants = new Map<ValueId, Tensor>();
  readonly #ids = new Names();
  readonly #model: string;
  #calls = 0;
  readonly effort: Effort;
  readonly #values = new Names();

  constructor(model: string) {
    this.#model = model;
    this.effort = new Effort(model, 0);
  }

  input(name: string, images: number, shape: Shape): Activation {
    const id = this.#values.claim(name);
    this.inputs.push({ id, shape: [images, ...shape], dtype: 'float32' });
    return { shape, forms: { keras: id } };
  }

  /** A constant; a layer that is called twice has its weights once. */
  constant(name: string, tensor: Tensor): ValueId {
    const known = this.constants.get(name);
    if (known) this.effort.spend(tensor.data.length, `constant "${name}"`);
    else this.effort.own(tensor.data.length);
    if (known && sameTensor(known, tensor)) return name;
    const id = this.#values.claim(name);
    this.constants.set(id, tensor);
    return id;
  }

  /** One more call of a layer: models within models are built anew for each of theirs. */
  countCall(): void {
    this.#calls += 1;
    within(this.#model, 'layerCalls', this.#calls);
  }

  /** Adds a node with one output. */
  node(op: OperatorName, wanted: string, inputs: readonly ValueId[], options: NodeOptions = {}): ValueId {
    return this.nodeOf(1, op, wanted, inputs, options)[0] as ValueId;
  }

  /** Adds a node with `count` outputs. */
  nodeOf(
    count: number,
    op: OperatorName,
    wanted: string,
    inputs: readonly ValueId[],
    options: NodeOptions = {},
  ): readonly ValueId[] {
    within(this.#model, 'nodes', this.nodes.length + 1);
    within(this.#model, 'nameLength', wanted.length, `node "${wanted.slice(0, 40)}…"`);
    within(this.#model, 'ports', count + inputs.length, `node "${wanted}"`);
    const id = this.#ids.claim(wanted);
    const outputs = Array.from({ length: count }, (_, i) =>
      this.#values.claim(i === 0 ? `${id}_out` : `${id}_out${i}`),
    );
    this.nodes.push({ id, op, inputs, outputs, path: wanted, ...options });
    return outputs;
  }

  /** The value of an activation in the form asked for. */
  form(activation: Activation, form: Form): ValueId {
    const known = activation.forms[form];
    if (known !== undefined) return known;
    const other = activation.forms[form === 'nchw' ? 'keras' : 'nchw'] as ValueId;
    if (!isMap(activation)) return other;
    const made = this.node('Transpose', `${other}_${form}`, [other], { attributes: { perm: permutations[form] } });
    activation.forms[form] = made;
    return made;
  }

  /**
   * The form in which an activation stands already; NCHW if in both. Images with channels last get their Transpose at once,
   * so that nothing works on them before: where their rows and columns are is known from then on.
   */
  formAtHand(activation: Activation): { readonly form: Form; readonly value: ValueId } {
    const { nchw, keras } = activation.forms;
    if (nchw !== undefined) return { form: 'nchw', value: nchw };
    const [rows = 0, , channels = 0] = activation.shape;
    const areImages = isMap(activation) && channels < rows && this.inputs.some((input) => input.id === keras);
    return areImages
      ? { form: 'nchw', value: this.form(activation, 'nchw') }
      : { form: 'keras', value: keras as ValueId };
  }

  /** Calls a value that a node writes by another name. */
  rename(value: ValueId, wanted: string): ValueId {
    const name = this.#values.claim(wanted);
    const renamed = (id: ValueId): ValueId => (id === value ? name : id);
    this.nodes.forEach((node, i) => {
      this.nodes[i] = { ...node, inputs: node.inputs.map(renamed), outputs: node.outputs.map(renamed) };
    });
    return name;
  }
}

function sameTensor(a: Tensor, b: Tensor): boolean {
  return a.shape.join() === b.shape.join() && a.data.every((value, i) => Object.is(value, b.data[i]));
}

/** Dimensions of an activation in the order of one of its forms, without the images' axis. */
export function shapeIn(form: Form, { shape }: Pick<Activation, 'shape'>): Shape {
  return form === 'nchw' && shape.length === 3 ? [shape[2] as number, shape[0] as number, shape[1] as number] : shape;
}

/** Place of a Keras axis (images are axis 0) in a form of an activation. */
export function axisIn(form: Form, activation: Activation, axis: number): number {
  const positive = axis < 0 ? axis + activation.shape.length + 1 : axis;
  return form === 'nchw' && isMap(activation) ? permutations.nchw.indexOf(positive) : positive;
}
