import { PercussError } from '../errors.js';
import type { Graph } from './graph.js';
import { importOnnx } from './onnx/import.js';
import { importTfjs, weightFiles } from './tfjs/import.js';

export type NetworkFormat = 'onnx' | 'tfjs';

interface FormatRow {
  readonly fits: (fileName: string) => boolean;
  readonly load: (name: string, files: ReadonlyMap<string, Uint8Array>) => Graph;
}

/** Formats that networks come in. */
const formats: Readonly<Record<NetworkFormat, FormatRow>> = {
  onnx: {
    fits: (fileName) => fileName.endsWith('.onnx'),
    load(name, files) {
      const [bytes, ...others] = files.values();
      if (bytes && others.length === 0) return importOnnx(name, bytes);
      throw new PercussError('FILE_MISSING', `"${name}": an ONNX network is one .onnx file, got ${files.size}`, {
        details: { model: name, files: files.size },
      });
    },
  },
  tfjs: { fits: (fileName) => fileName.endsWith('.json'), load: importTfjs },
};

/**
 * The format that a file name stands for: `.onnx`, or `.json` for a TensorFlow.js layers model.
 * @throws PercussError MODEL_UNSUPPORTED for anything else.
 */
export function formatOf(fileName: string): NetworkFormat {
  const lower = fileName.toLowerCase();
  for (const format of Object.keys(formats) as NetworkFormat[]) if (formats[format].fits(lower)) return format;
  throw new PercussError(
    'MODEL_UNSUPPORTED',
    `"${fileName}" is neither an ONNX file (.onnx) nor a TensorFlow.js layers model (model.json); export the network to one of them`,
    { details: { file: fileName } },
  );
}

/** Files that must lie beside a model.json: its weights, as paths relative to it. @throws PercussError MODEL_INVALID. */
export function companionFiles(modelJson: Uint8Array): readonly string[] {
  return weightFiles('model.json', modelJson);
}

/**
 * Imports a network.
 * @param files the network's files: for `tfjs` under `model.json` and the names that `companionFiles` gives.
 * @throws PercussError MODEL_INVALID, MODEL_UNSUPPORTED or FILE_MISSING.
 */
export function importNetwork(name: string, format: NetworkFormat, files: ReadonlyMap<string, Uint8Array>): Graph {
  return formats[format].load(name, files);
}
