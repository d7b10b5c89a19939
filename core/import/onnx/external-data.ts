import { type TensorProto, TensorProto_DataLocation } from 'onnx-buf';
import { PercussError } from '../../errors.js';
import { strays } from '../../inside.js';
import { decodeModel } from './decode.js';

const isExternal = (proto: TensorProto): boolean => proto.dataLocation === TensorProto_DataLocation.EXTERNAL;

const entryOf = (proto: TensorProto, key: string): string | undefined =>
  proto.externalData.find((entry) => entry.key === key)?.value;

/**
 * Files beside an .onnx file in which it keeps its constants, as relative paths with forward slashes.
 * @throws PercussError FILE_DAMAGED for a damaged model, and for a path that leaves the model's folder.
 */
export function externalFiles(model: string, bytes: Uint8Array): readonly string[] {
  // Parsing a large file twice is dear, and few files need it.
  if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('location')) return [];
  const { graph } = decodeModel(model, bytes);
  return [...new Set(graph.initializer.filter(isExternal).map((proto) => locationOf(model, proto)))];
}

function locationOf(model: string, proto: TensorProto): string {
  const location = (entryOf(proto, 'location') ?? '').replaceAll('\\', '/').replace(/^(\.\/)+/, '');
  const reason = strays(location);
  if (reason === undefined) return location;
  throw new PercussError(
    'FILE_DAMAGED',
    `model "${model}", constant "${proto.name}": its data is said to be in "${location}", which is no file in the model's own folder (${reason}). ` +
      'Save the model again with its data beside it: onnx.save_model(model, path, save_as_external_data=True)',
    { details: { model, name: location.slice(0, 200) } },
  );
}

/**
 * The bytes of a constant, wherever they are kept.
 * @param files contents by the paths of `externalFiles`.
 * @throws PercussError FILE_MISSING, or MODEL_INVALID where the file ends before the constant does.
 */
export function bytesOf(model: string, proto: TensorProto, files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  if (!isExternal(proto)) return proto.rawData;
  const location = locationOf(model, proto);
  const bytes = files.get(location);
  if (!bytes) {
    throw new PercussError(
      'FILE_MISSING',
      `model "${model}", constant "${proto.name}": its data is in "${location}", which is not beside the model; put it there, ` +
        'or save the model as one file: onnx.save_model(model, path, save_as_external_data=False)',
      { details: { model, file: location } },
    );
  }
  const from = Number(entryOf(proto, 'offset') ?? 0);
  const length = Number(entryOf(proto, 'length') ?? bytes.length - from);
  if (!(
    Number.isSafeInteger(from) &&
    Number.isSafeInteger(length) &&
    from >= 0 &&
    length >= 0 &&
    from + length <= bytes.length
  )) {
    throw new PercussError(
      'MODEL_INVALID',
      `model "${model}", constant "${proto.name}": bytes ${from} to ${from + length} of "${location}" were expected, but it holds ` +
        `${bytes.length}. It is damaged or belongs to another model: export or download both again`,
      { details: { model, file: location } },
    );
  }
  return bytes.subarray(from, from + length);
}
