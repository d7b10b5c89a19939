import type { GraphProto } from 'onnx-buf';
import { atPlace } from '../../border.js';
import type { Tensor } from '../../tensor.js';
import type { ValueId } from '../../network/graph.js';
import { decodeTensor } from './decode.js';
import { bytesOf } from './external-data.js';
import { invalidModel } from './translation.js';

/** @throws PercussError MODEL_INVALID for a name that two things have: which of them is meant, nobody can say. */
export function checkNames(model: string, graph: GraphProto): void {
  const twice = (names: readonly string[], what: string): void => {
    const seen = new Set<string>();
    for (const name of names) {
      if (seen.has(name)) throw invalidModel(model, `two ${what} are called "${name}"`);
      seen.add(name);
    }
  };
  const given = [...graph.initializer, ...graph.input].map(({ name }) => name);
  const written = graph.node.flatMap((node) => node.output.filter((output) => output !== ''));
  twice(
    graph.initializer.map(({ name }) => name),
    'constants',
  );
  twice(
    graph.input.map(({ name }) => name),
    'inputs',
  );
  twice([...new Set(given), ...written], 'values');
  if (given.includes('')) throw invalidModel(model, 'a constant or an input has no name');
}

/** The constants that a file holds. Several may share bytes of a file beside it, but not more than it has. */
export function initialisersOf(
  name: string,
  graph: GraphProto,
  bytes: Uint8Array,
  files: ReadonlyMap<string, Uint8Array>,
): ReadonlyMap<ValueId, Tensor> {
  const initialisers = new Map<ValueId, Tensor>();
  let left = Math.max(bytes.length, ...[...files.values()].map((file) => file.length)) + total(files);
  for (const proto of graph.initializer) {
    const raw = bytesOf(name, proto, files);
    left -= raw.length;
    if (left < 0)
      throw invalidModel(name, 'its constants have more bytes than its files: several of them name the same');
    initialisers.set(
      proto.name,
      atPlace(`constant "${proto.name}"`, () => decodeTensor(name, proto, raw)),
    );
  }
  return initialisers;
}

const total = (files: ReadonlyMap<string, Uint8Array>): number =>
  [...files.values()].reduce((sum, file) => sum + file.length, 0);
