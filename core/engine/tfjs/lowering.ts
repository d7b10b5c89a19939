import * as tf from '@tensorflow/tfjs-core';
import { nodeInputs } from '../../network/build.js';
import type { Graph, Node, ValueId } from '../../network/graph.js';
import { invalidNode } from '../../network/operators/attribute.js';
import { operatorOf } from '../../network/operators/table.js';
import { onDevice } from './device-tensor.js';
import type { Lowering, Reader, RunInputs } from './kernel.js';
import { natural, shapeOf, type Laid } from './laid.js';
import { kernels } from './table.js';

/** One node, ready to run. */
export interface Step {
  readonly node: Node;
  readonly run: Reader<readonly Laid[]>;
}

/** What a program holds on the device as long as it lives: constants, prepared weights, numbers. */
export class Kept {
  readonly #tensors: tf.Tensor[] = [];
  readonly #constants = new Map<ValueId, Laid>();
  readonly #numbers = new Map<number, tf.Tensor>();

  hold(make: () => tf.Tensor): tf.Tensor {
    const made = tf.tidy(make);
    this.#tensors.push(made);
    return made;
  }

  constant(graph: Graph, id: ValueId): Laid | undefined {
    const known = this.#constants.get(id);
    const constant = graph.constants.get(id);
    if (known || !constant) return known;
    const laid = natural(this.hold(() => onDevice(constant)));
    this.#constants.set(id, laid);
    return laid;
  }

  number(value: number): tf.Tensor {
    const known = this.#numbers.get(value) ?? this.hold(() => tf.scalar(value));
    this.#numbers.set(value, known);
    return known;
  }

  dispose(): void {
    for (const tensor of this.#tensors) tensor.dispose();
    this.#tensors.length = 0;
  }
}

/** Makes every node of a graph ready to run; what that needs on the device goes to `kept`. */
export function lowered(graph: Graph, kept: Kept): readonly Step[] {
  return graph.nodes.map((node) => ({ node, run: kernels[node.op](loweringOf(graph, node, kept)) }));
}

function loweringOf(graph: Graph, node: Node, kept: Kept): Lowering {
  const { shapes, constants } = nodeInputs(graph, node);
  const given = (inputs: RunInputs, index: number): Laid => {
    const laid = inputs[index];
    if (!laid) throw invalidNode(node, `input ${index} is missing`);
    return laid;
  };
  return {
    node,
    shapes,
    operand(index) {
      const constant = kept.constant(graph, node.inputs[index] ?? '');
      return constant ? () => constant : (inputs) => given(inputs, index);
    },
    prepared(index, prepare) {
      const constant = constants[index];
      if (!constant) return (inputs) => prepare(given(inputs, index));
      const made = kept.hold(() => prepare(natural(onDevice(constant))));
      return () => made;
    },
    number: (value) => kept.number(value),
    keep: (make) => kept.hold(make),
    outputShapes(inputs) {
      const found = shapes.map((shape, index) => {
        const laid = inputs[index];
        return laid ? shapeOf(laid) : shape;
      });
      return operatorOf(node).infer(node, { shapes: found, constants });
    },
  };
}
