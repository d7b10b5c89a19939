import type { Graph } from '../network/graph.js';

/** A format of networks. What names of files stand for it, its reader, and what messages, schema and columns say follow from its row. */
interface NetworkFormatRow {
  /** What the network's own file is called among its files. */
  readonly main: string;
  readonly ending: string;
  /** For people: what its files are. */
  readonly kind: string;
  /** For people: which file is to be named. */
  readonly file: string;
  /** Files beside its own that it names, relative to it. */
  readonly companions: (model: string, main: Uint8Array) => Promise<readonly string[]>;
  /** `output`: the one that is the network's answer; else the last. */
  readonly load: (
    name: string,
    main: Uint8Array,
    files: ReadonlyMap<string, Uint8Array>,
    output: string | undefined,
  ) => Promise<Graph>;
}

const none = (): Promise<readonly string[]> => Promise.resolve([]);

/** Formats that networks come in. A reader is loaded when a network needs it. */
const rows = {
  onnx: {
    main: 'model.onnx',
    ending: '.onnx',
    kind: 'an ONNX model',
    file: 'an .onnx file',
    companions: async (model, main) => (await import('./onnx/external-data.js')).externalFiles(model, main),
    load: async (name, main, files, output) => {
      const { importOnnx } = await import('./onnx/import-onnx.js');
      return importOnnx(name, main, files, { images: true, ...(output === undefined ? {} : { output }) });
    },
  },
  tfjs: {
    main: 'model.json',
    ending: '.json',
    kind: 'a TensorFlow.js model',
    file: 'a TensorFlow.js model.json',
    companions: async (model, main) => (await import('./tfjs/import-layers-model.js')).weightFiles(model, main),
    load: async (name, _, files, output) =>
      (await import('./tfjs/import-layers-model.js')).importTfjs(name, files, output),
  },
  h5: {
    main: 'model.h5',
    ending: '.h5',
    kind: 'a Keras model (.h5)',
    file: 'a Keras .h5 file',
    companions: none,
    load: async (name, main, _, output) => (await import('./keras/h5.js')).importH5(name, main, output),
  },
  keras: {
    main: 'model.keras',
    ending: '.keras',
    kind: 'a Keras model (.keras)',
    file: 'a Keras .keras file',
    companions: none,
    load: async (name, main, _, output) => (await import('./keras/keras-file.js')).importKeras(name, main, output),
  },
} as const satisfies Readonly<Record<string, NetworkFormatRow>>;

export type NetworkFormat = keyof typeof rows;

export const networkFormats: { readonly [F in NetworkFormat]: NetworkFormatRow } = rows;
export const networkFormatNames = Object.keys(rows) as readonly NetworkFormat[];

/** The format that a file name's ending stands for, if it is one that is read. */
export function endingFormat(fileName: string): NetworkFormat | undefined {
  const lower = fileName.toLowerCase();
  return networkFormatNames.find((format) => lower.endsWith(rows[format].ending));
}

/** Which files are read, for messages: `an .onnx file, a TensorFlow.js model.json, … or …`. */
export const readableNetworks = listed(networkFormatNames.map((format) => rows[format].file));

function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}
