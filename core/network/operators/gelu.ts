import type { Operation } from '../operation.js';
import { invalidNode } from './attribute.js';
import { unary } from './elementwise.js';
import { errorFunction } from './erf.js';
import type { Operator } from './operator.js';

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

/** x · Φ(x), Φ the normal distribution function, or its approximation by tanh (Hendrycks and Gimpel 2016). */
export const gelu: Operator = {
  ...unary({ since: 20, rectifies: () => false, at: (node) => functions[formOf(node)] }),
  emit: (node) => ({ opType: 'Gelu', attributes: { approximate: formOf(node) } }),
};
