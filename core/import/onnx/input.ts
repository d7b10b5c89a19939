import type { ValueInfoProto } from 'onnx-buf';
import { PercussError } from '../../errors.js';
import { within } from '../../network/budget.js';
import { DYNAMIC, type GraphInput } from '../../network/graph.js';
import { kindOf, typeName } from './decode.js';

/** An input as a file declares it. @throws PercussError MODEL_UNSUPPORTED for one without a shape, or that holds no floats. */
export function inputOf(model: string, input: ValueInfoProto): GraphInput {
  const type = input.type?.value;
  if (type?.case !== 'tensorType' || type.value.shape === undefined) {
    throw new PercussError('MODEL_UNSUPPORTED', `model "${model}": the input "${input.name}" has no known shape`, {
      details: { model, input: input.name },
    });
  }
  const kind = kindOf(type.value.elemType);
  if (kind !== 'float32' && kind !== 'bool') {
    const given = typeName(type.value.elemType);
    throw new PercussError(
      'MODEL_UNSUPPORTED',
      `model "${model}": the input "${input.name}" holds ${given}; export the network so that it takes floats`,
      { details: { model, input: input.name } },
    );
  }
  for (const { value } of type.value.shape.dim) {
    if (value.case === 'dimValue') within(model, 'valueElements', Number(value.value), `input "${input.name}"`);
  }
  const shape = type.value.shape.dim.map(({ value }) =>
    value.case === 'dimValue' && value.value > 0n ? Number(value.value) : DYNAMIC,
  );
  return { id: input.name, shape, dtype: kind };
}
