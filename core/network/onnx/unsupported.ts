import { PercussError } from '../../errors.js';

/** One node that percuss cannot express, with the reason if there is more to say than its name. */
export interface Unsupported {
  readonly operator: string;
  readonly node: string;
  readonly reason: string | undefined;
}

/** One error that names all of them, alike ones together. */
export function unsupportedError(model: string, opset: number, found: readonly Unsupported[]): PercussError {
  const distinct = new Map(found.toReversed().map((entry) => [`${entry.operator} ${entry.reason ?? ''}`, entry]));
  const lines = [...distinct.values()].reverse().map(({ operator, node, reason }) => {
    const count = found.filter((entry) => entry.operator === operator && entry.reason === reason).length;
    return `${operator} (node "${node}"${count > 1 ? ` and ${count - 1} more` : ''})${reason ? `: ${reason}` : ''}`;
  });
  const operators = [...new Set(found.map((entry) => entry.operator))].join(', ');
  return new PercussError(
    'MODEL_UNSUPPORTED',
    `model "${model}" (opset ${opset}) uses what percuss does not support:\n  ${lines.join('\n  ')}\n` +
      'percuss reads convolutional classifiers; leave such parts out when you export the network, or ask for the operator.',
    { details: { model, opset, operators: operators.slice(0, 300) } },
  );
}
