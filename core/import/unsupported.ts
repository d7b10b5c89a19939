import { PercussError } from '../errors.js';

/** Thrown by importers of one node; whoever imports the network collects them, so that all are told at once. */
export class UnsupportedNode extends Error {
  readonly reason: string | undefined;

  constructor(reason?: string) {
    super(reason ?? 'unsupported');
    this.reason = reason;
  }
}

/** One node that percuss cannot express, with the reason if there is more to say than its name. */
export interface Unsupported {
  readonly operator: string;
  readonly node: string;
  readonly reason: string | undefined;
}

/**
 * One error that names all of them, alike ones together. `form`: what kind of file it is, for people; `outputs`: those that
 * could be read instead of the one that needs them.
 */
export function unsupportedError(
  model: string,
  form: string,
  found: readonly Unsupported[],
  outputs: readonly string[] = [],
): PercussError {
  const distinct = new Map(found.toReversed().map((entry) => [`${entry.operator} ${entry.reason ?? ''}`, entry]));
  const lines = [...distinct.values()].reverse().map(({ operator, node, reason }) => {
    const count = found.filter((entry) => entry.operator === operator && entry.reason === reason).length;
    return `${operator} (node "${node}"${count > 1 ? ` and ${count - 1} more` : ''})${reason ? `: ${reason}` : ''}`;
  });
  const operators = [...new Set(found.map((entry) => entry.operator))].join(', ');
  return new PercussError(
    'MODEL_UNSUPPORTED',
    `model "${model}" (${form}) uses what percuss does not support:\n  ${lines.join('\n  ')}\n` +
      'percuss reads convolutional classifiers; leave such parts out when you export the network, or ask for the operator.' +
      instead(outputs),
    { details: { model, form, operators: operators.slice(0, 300) } },
  );
}

/** Some outputs at most, for people. */
const mostOutputs = 8;

function instead(outputs: readonly string[]): string {
  if (outputs.length === 0) return '';
  const named = outputs.slice(0, mostOutputs).map((output) => `"${output}"`);
  const more = outputs.length > mostOutputs ? `, and ${outputs.length - mostOutputs} more` : '';
  return (
    ' Without output: { name: … } the last output is the answer; if it is another, name that: ' +
    `${named.join(', ')}${more}.`
  );
}
