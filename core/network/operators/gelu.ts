import type { Operation } from '../operation.js';
import { invalidNode } from './attribute.js';
import { unary, type Slope } from './elementwise.js';
import { errorFunction } from './erf.js';
import type { Operator } from './operator.js';
import { bell } from './slopes.js';
import type { Term } from './term.js';

type Form = 'none' | 'tanh';

function formOf(node: Operation): Form {
  const form = node.attributes['approximate'];
  if (form === 'none' || form === 'tanh') return form;
  throw invalidNode(node, `the attribute approximate must be none or tanh, got ${String(form)}`);
}

const functions: Readonly<Record<Form, (x: number) => number>> = {
  none: (x) => 0.5 * x * (1 + errorFunction(x / Math.SQRT2)),
  tanh: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
};

const derivatives: Readonly<Record<Form, (at: Slope) => Term>> = {
  none: ({ write, x }) => {
    const below = write.scaled(write.shifted(write.of('Erf', write.scaled(x, Math.SQRT1_2)), 1), 0.5);
    return write.add(below, write.multiply(x, bell(write, x, 0.5, 1 / Math.sqrt(2 * Math.PI))));
  },
  tanh: ({ write, x }) => {
    const [slope, square] = [Math.sqrt(2 / Math.PI), write.multiply(x, x)];
    const inner = write.multiply(x, write.shifted(write.scaled(square, slope * 0.044715), slope));
    const bent = write.of('Tanh', inner);
    const steep = write.subtract(write.number(1), write.multiply(bent, bent));
    const within = write.shifted(write.scaled(square, 3 * slope * 0.044715), slope);
    const turn = write.multiply(x, write.multiply(steep, within));
    return write.scaled(write.add(write.shifted(bent, 1), turn), 0.5);
  },
};

/** x · Φ(x), Φ the normal distribution function, or its approximation by tanh (Hendrycks and Gimpel 2016). */
export const gelu: Operator = {
  ...unary({
    since: 20,
    rectifies: () => false,
    derivative: (at) => derivatives[formOf(at.node)](at),
    at: (node) => functions[formOf(node)],
  }),
  emit: (node) => ({ opType: 'Gelu', attributes: { approximate: formOf(node) } }),
};
