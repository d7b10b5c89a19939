import { PercussError } from '../errors.js';
import type { Graph } from './graph.js';
import { importH5 } from './keras/h5.js';
import { importKeras } from './keras/keras-file.js';
import { externalFiles } from './onnx/external-data.js';
import { importOnnx } from './onnx/import.js';
import { importTfjs, weightFiles } from './tfjs/import.js';

export type NetworkFormat = 'onnx' | 'tfjs' | 'h5' | 'keras';

interface FormatRow {
  /** What the network's own file is called among its files. */
  readonly main: string;
  readonly ending: string;
  readonly companions: (model: string, main: Uint8Array) => readonly string[];
  readonly load: (name: string, main: Uint8Array, files: ReadonlyMap<string, Uint8Array>) => Graph | Promise<Graph>;
}

/** Formats that networks come in. */
const formats: Readonly<Record<NetworkFormat, FormatRow>> = {
  onnx: { main: 'model.onnx', ending: '.onnx', companions: externalFiles, load: importOnnx },
  tfjs: {
    main: 'model.json',
    ending: '.json',
    companions: weightFiles,
    load: (name, _, files) => importTfjs(name, files),
  },
  keras: { main: 'model.keras', ending: '.keras', companions: () => [], load: importKeras },
  h5: { main: 'model.h5', ending: '.h5', companions: () => [], load: importH5 },
};

/** Ways from formats that are not read to one that is. */
const detours: Readonly<Record<string, string>> = {
  '.hdf5': 'if a Keras model is in it, give it the ending .h5',
  '.pt': 'export the network from PyTorch: torch.onnx.export(model, images, "MODEL.onnx")',
  '.pth': 'export the network from PyTorch: torch.onnx.export(model, images, "MODEL.onnx")',
  '.safetensors':
    'weights alone are no network; export it from the framework that built it: torch.onnx.export(model, images, "MODEL.onnx")',
  '.pb': 'convert the SavedModel: python -m tf2onnx.convert --saved-model FOLDER --output MODEL.onnx',
  '.tflite': 'convert it: python -m tf2onnx.convert --tflite MODEL.tflite --output MODEL.onnx',
};

/**
 * The format that a file name stands for: `.onnx`, `.json` for a TensorFlow.js model, or `.h5` or `.keras` for a Keras model.
 * @throws PercussError MODEL_UNSUPPORTED for anything else, with a way to one of these where there is one.
 */
export function formatOf(fileName: string): NetworkFormat {
  const lower = fileName.toLowerCase();
  for (const format of Object.keys(formats) as NetworkFormat[]) {
    if (lower.endsWith(formats[format].ending)) return format;
  }
  const detour = Object.keys(detours).find((ending) => lower.endsWith(ending));
  const way = detour === undefined ? 'export the network to one of them' : (detours[detour] as string);
  throw new PercussError(
    'MODEL_UNSUPPORTED',
    `"${fileName}" is none of the files that are read: ONNX (.onnx), a TensorFlow.js model (model.json), a Keras model (.h5, .keras); ${way}`,
    { details: { file: fileName } },
  );
}

/** A network's own file and those beside it, under the names by which they are kept. */
export async function networkFiles(
  format: NetworkFormat,
  fileName: string,
  read: (file: string) => Promise<Uint8Array>,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const { main, companions } = formats[format];
  const bytes = await read(fileName);
  const folder = fileName.slice(0, fileName.lastIndexOf('/') + 1);
  const files = new Map([[main, bytes]]);
  for (const name of companions(fileName, bytes)) files.set(name, await read(`${folder}${name}`));
  return files;
}

/**
 * Imports a network.
 * @param files the network's files, as `networkFiles` gives them.
 * @throws PercussError MODEL_INVALID, MODEL_UNSUPPORTED or FILE_MISSING.
 */
export async function importNetwork(
  name: string,
  format: NetworkFormat,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<Graph> {
  const { main, load } = formats[format];
  const bytes = files.get(main);
  if (bytes) return load(name, bytes, files);
  throw new PercussError('FILE_MISSING', `"${name}": its files hold no ${main}, got ${[...files.keys()].join(', ')}`, {
    details: { model: name },
  });
}
