import { PercussError } from '../errors.js';
import { DYNAMIC, type Graph, type GraphInput, type Shape, type ValueId } from '../network/graph.js';
import { whereImagesMeet } from './images-apart.js';

const printed = (shape: Shape): string =>
  `[${shape.map((dim, axis) => (dim !== DYNAMIC ? dim : axis === 0 ? 'N' : '?')).join(', ')}]`;

function unsupported(model: string, complaint: string, remedy: string): PercussError {
  return new PercussError('MODEL_UNSUPPORTED', `model "${model}": ${complaint}; ${remedy}`, { details: { model } });
}

/**
 * Holds what a network's answer is computed from against what percuss does: images of one size go into one input.
 * @param inputs those that the answer depends on.
 * @throws PercussError MODEL_UNSUPPORTED for several inputs, none, or one whose size is open, with the remedy.
 */
export function checkImageInput(model: string, inputs: readonly GraphInput[]): void {
  const [input, ...others] = inputs;
  if (input === undefined) {
    throw unsupported(model, 'its output depends on no input', 'choose another one with output: { name: … }');
  }
  if (others.length > 0) {
    const names = inputs.map(({ id, shape }) => `"${id}" ${printed(shape)}`).join(', ');
    throw unsupported(
      model,
      `its output depends on ${inputs.length} inputs (${names}), and images can go into one only`,
      'export the network with the others as constants, or choose an output that needs one input with output: { name: … }',
    );
  }
  if (input.shape.slice(1).includes(DYNAMIC)) {
    const sizes = input.shape.map((dim, axis) => (axis === 0 ? 1 : dim === DYNAMIC ? '…' : dim)).join(',');
    throw unsupported(
      model,
      `its input "${input.id}" ${printed(input.shape)} has an open size, and only the number of images may be open`,
      'export it for images of one size, or fix the size in the file (ONNX: python -m onnxruntime.tools.make_dynamic_shape_fixed ' +
        `--input_name "${input.id}" --input_shape ${sizes} OLD.onnx NEW.onnx)`,
    );
  }
}

/**
 * Holds an imported network against what percuss does: one image in, one answer out.
 * @param output the output that is read; nothing is said of one that the network does not have.
 * @throws PercussError MODEL_UNSUPPORTED with the remedy.
 */
export function checkClassifier(graph: Graph, output: ValueId): void {
  checkImageInput(graph.name, graph.inputs);
  const shape = graph.shapes.get(output);
  if (shape === undefined || !graph.outputs.includes(output)) return;
  if (graph.truths.has(output)) {
    throw unsupported(
      graph.name,
      `its output "${output}" holds truth values`,
      'percuss reads numbers, one for each class: choose another output with output: { name: … }, or export the network without the comparison at its end',
    );
  }
  const meeting = whereImagesMeet(graph, [output]);
  if (meeting !== undefined) {
    throw unsupported(
      graph.name,
      `in node "${meeting.id}" (${meeting.op}) images meet or change places: the answer to one would depend on which others are computed with it`,
      'export the network for inference, so that its first axis is kept apart to the end, or choose an output before that node with output: { name: … }',
    );
  }
  const own = shape.slice(1);
  if (own.includes(DYNAMIC) || own.filter((dim) => dim > 1).length > 1) {
    throw unsupported(
      graph.name,
      `its output "${output}" ${printed(shape)} has more than one position an image, as segmentation and detection have`,
      'percuss reads one answer an image: choose an output of one position with output: { name: … }, or export the network with a pool over positions at its end',
    );
  }
}

/** The output that is the network's answer: the one that is named, if there is such a one, else the last. */
export function answerOf(outputs: readonly ValueId[], wanted: ValueId | undefined): ValueId | undefined {
  return wanted !== undefined && outputs.includes(wanted) ? wanted : outputs.at(-1);
}
