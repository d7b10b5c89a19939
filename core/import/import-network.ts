import { withinBorder } from '../border.js';
import { PercussError } from '../errors.js';
import { strays } from '../inside.js';
import { limits } from '../limits.js';
import { checkBudget } from '../network/budget.js';
import { answerOf, checkClassifier } from './classifier.js';
import type { Graph } from '../network/graph.js';
import { endingFormat, networkFormats, readableNetworks, type NetworkFormat } from './network-formats.js';

/** Ways from formats that are not read to one that is. */
const detours: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '.hdf5': 'if a Keras model is in it, give it the ending .h5',
    '.pt': 'export the network from PyTorch: torch.onnx.export(model, images, "MODEL.onnx")',
    '.pth': 'export the network from PyTorch: torch.onnx.export(model, images, "MODEL.onnx")',
    '.safetensors':
      'weights alone are no network; export it from the framework that built it: torch.onnx.export(model, images, "MODEL.onnx")',
    '.pb': 'convert the SavedModel: python -m tf2onnx.convert --saved-model FOLDER --output MODEL.onnx',
    '.tflite': 'convert it: python -m tf2onnx.convert --tflite MODEL.tflite --output MODEL.onnx',
  }),
);

/**
 * The format that a file name stands for: `.onnx`, `.json` for a TensorFlow.js model, or `.h5` or `.keras` for a Keras model.
 * @throws PercussError MODEL_UNSUPPORTED for anything else, with a way to one of these where there is one.
 * @example
 * import { formatOf } from 'percuss';
 *
 * console.log(formatOf('models/resnet20.onnx'));
 */
export function formatOf(fileName: string): NetworkFormat {
  const format = endingFormat(fileName);
  if (format !== undefined) return format;
  const lower = fileName.toLowerCase();
  const detour = [...detours].find(([ending]) => lower.endsWith(ending));
  const ending = /[.][^./\\]+$/.test(fileName);
  const way = detour?.[1] ?? (ending ? 'export the network to one of them' : 'of a folder, name the file in it');
  throw new PercussError(
    'MODEL_UNSUPPORTED',
    `"${fileName}" is none of the files that are read (${readableNetworks}); ${way}`,
    { details: { file: fileName } },
  );
}

/** How files of a network are read, wherever they are. `what` is for messages. */
export interface NetworkReader {
  /** The network's own file. */
  own(file: string, what: string): Promise<Uint8Array>;
  /** A file that the network's own one, `file`, names: below the folder of that one, links resolved. */
  beside(file: string, name: string, what: string): Promise<Uint8Array>;
}

/**
 * A network's own file and those beside it, under the names by which they are kept.
 * @throws PercussError FILE_DAMAGED for a file that is none of its format, or that names one outside of its own folder;
 * LIMIT_EXCEEDED for more files or bytes than may be; what the reader throws.
 */
export async function networkFiles(
  format: NetworkFormat,
  fileName: string,
  reader: NetworkReader,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const { main, companions, kind } = networkFormats[format];
  const bytes = await reader.own(fileName, 'the network');
  const foreign = { what: 'the network', file: fileName, format: kind };
  const names = await withinBorder(foreign, () => companions(fileName, bytes));
  const excess = (what: string): PercussError =>
    new PercussError('LIMIT_EXCEEDED', `${fileName}: ${what} (docs/limits.md)`, { details: { file: fileName } });
  if (names.length > limits.companions.value) {
    throw excess(`it names ${names.length} files beside itself, above the limit of ${limits.companions.value}`);
  }
  for (const name of names) {
    const reason = strays(name);
    if (reason !== undefined) throw strayed(fileName, name, reason);
  }
  const files = new Map([[main, bytes]]);
  let total = bytes.length;
  for (const name of names) {
    if (files.has(name)) throw strayed(fileName, name, `it is called like the network's own file`);
    const part = await reader.beside(fileName, name, `the network ${fileName}`);
    total += part.length;
    if (total > limits.networkFiles.value) throw excess(`its files have more than ${limits.networkFiles.value} bytes`);
    files.set(name, part);
  }
  return files;
}

function strayed(file: string, name: string, reason: string): PercussError {
  return new PercussError(
    'FILE_DAMAGED',
    `${file}: it keeps weights in ${JSON.stringify(name.slice(0, 200))}, which is no file below its own folder (${reason}). ` +
      'Save the network again with its files beside it',
    { details: { file, name: name.slice(0, 200) } },
  );
}

/**
 * Imports a network that gives one answer for one image. Only what leads to that answer must be supported.
 * @param files the network's files, as `networkFiles` gives them.
 * @param file what its own file is called, for messages.
 * @param output the output that is its answer; the last where there is none of this name.
 * @throws PercussError FILE_DAMAGED, MODEL_INVALID, MODEL_UNSUPPORTED, LIMIT_EXCEEDED or FILE_MISSING.
 * @example
 * import { readFile } from 'node:fs/promises';
 * import { importNetwork } from 'percuss';
 *
 * const folder = 'experiments/zoo/residual';
 * const names = ['model.json', 'weights.bin'];
 * const files = new Map(await Promise.all(names.map(async (name) => [name, await readFile(`${folder}/${name}`)])));
 * const graph = await importNetwork('residual', 'tfjs', files);
 * console.log(graph.inputs[0].shape, graph.nodes.length);
 */
export async function importNetwork(
  name: string,
  format: NetworkFormat,
  files: ReadonlyMap<string, Uint8Array>,
  file: string = networkFormats[format].main,
  output?: string,
): Promise<Graph> {
  const { main, load, kind } = networkFormats[format];
  const bytes = files.get(main);
  if (bytes) {
    return withinBorder({ what: `model "${name}"`, file, format: kind }, async () => {
      const graph = await load(name, bytes, files, output);
      checkBudget(graph);
      checkClassifier(graph, answerOf(graph.outputs, output) ?? '');
      return graph;
    });
  }
  throw new PercussError('FILE_MISSING', `"${name}": its files hold no ${main}, got ${[...files.keys()].join(', ')}`, {
    details: { model: name },
  });
}
