import { PercussError } from '../errors.js';
import { limits } from '../limits.js';
import { sizeOf, type Tensor } from '../tensor.js';
import type { Node, Shape } from '../network/graph.js';
import { inputsOf } from '../network/operators/attribute.js';
import { operatorOf } from '../network/operators/table.js';

/** How often each element of a network's own constants may be looked at, on the average. */
const passes = 32;

/** Whole numbers of 64 bits take that many times as long as floats, and as much more memory. */
const wholeNumber = 16;

/**
 * What an import may spend on computing constants from constants: so much for every network, and so much for each element of
 * its own. It is asked before memory is taken, so that a few bytes cannot ask for hours or gigabytes.
 */
export class Effort {
  readonly #model: string;
  #left: number;

  /** `own`: elements of the constants that the network's files hold. */
  constructor(model: string, own: number) {
    this.#model = model;
    this.#left = limits.foldedElements.value + passes * own;
  }

  /** More of the network's own constants have been read. */
  own(elements: number): void {
    this.#left += passes * elements;
  }

  /** @throws PercussError LIMIT_EXCEEDED where that is more than is left. */
  spend(elements: number, where: string, dtype: Tensor['dtype'] = 'float32'): void {
    this.#left -= elements * (dtype === 'int64' ? wholeNumber : 1);
    if (this.#left >= 0) return;
    throw new PercussError(
      'LIMIT_EXCEEDED',
      `model "${this.#model}", ${where}: computing its constants takes more than ${limits.foldedElements.value} elements and ${passes} for each that it holds ` +
        '(docs/limits.md); simplify the network where you export it, for instance with onnxsim',
      { details: { model: this.#model } },
    );
  }

  /** Looks once at all of these. */
  read(tensors: readonly (Tensor | undefined)[], where: string): void {
    for (const tensor of tensors) if (tensor) this.spend(tensor.data.length, where, tensor.dtype);
  }

  /** The outputs of a node whose inputs are all constant, of these shapes. */
  evaluate(node: Node, inputs: readonly (Tensor | undefined)[], outputs: readonly Shape[]): readonly Tensor[] {
    const where = `node "${node.id}" (${node.op})`;
    const operator = operatorOf(node);
    this.read(inputs, where);
    for (const shape of outputs) this.spend(sizeOf(shape), where, inputs[0]?.dtype);
    this.spend(operator.work?.(node, inputsOf(inputs), outputs) ?? 0, where);
    return operator.evaluate(node, inputs);
  }
}
