/** One bound: how much, of what, and what for. */
export interface Limit {
  readonly value: number;
  readonly unit: string;
  readonly what: string;
}

const MiB = 2 ** 20;
const GiB = 2 ** 30;

/**
 * How much percuss takes from a file, a spec or a store before it says no: checked before memory is taken or a loop begins.
 * `docs/limits.md` is made from this table (`npm run docs`).
 */
export const limits = {
  networkFile: { value: 4 * GiB, unit: 'bytes', what: 'One file of a network.' },
  networkFiles: { value: 8 * GiB, unit: 'bytes', what: 'All files of a network together.' },
  trainings: { value: 99, unit: 'trainings', what: 'Files of one architecture.' },
  companions: { value: 1_000, unit: 'files', what: 'Files beside a network’s own, in which it keeps weights.' },
  foldedElements: {
    value: 2 ** 26,
    unit: 'elements',
    what: 'Numbers that the import of a network computes from constants, besides 32 for each of its own; whole numbers count sixteenfold.',
  },
  screenedPairs: { value: 4_000_000, unit: 'pairs', what: 'Pairs among which one ablation screens.' },
  nodes: { value: 10_000, unit: 'nodes', what: 'Nodes or layers of a network.' },
  messages: {
    value: 300_000,
    unit: 'messages',
    what: 'What an ONNX file is made of: nodes, attributes, constants, types, sizes of axes and remarks together.',
  },
  constants: { value: 100_000, unit: 'constants', what: 'Constants of a network.' },
  ports: { value: 20_000, unit: 'values', what: 'Values that one node reads and writes.' },
  inputs: { value: 100, unit: 'inputs', what: 'Inputs of a network.' },
  outputs: { value: 100, unit: 'outputs', what: 'Outputs of a network.' },
  channels: { value: 2 ** 21, unit: 'channels', what: 'Channels of all values of a network together.' },
  valueElements: { value: 2 ** 28, unit: 'elements', what: 'One value of a network, for one image.' },
  axes: { value: 16, unit: 'axes', what: 'Axes of a value.' },
  nameLength: { value: 1_000, unit: 'characters', what: 'A name of a node, a layer or a value.' },
  previewChanges: {
    value: GiB,
    unit: 'bytes',
    what: 'What a preview keeps of a network: a few numbers for each image, channel that is removed, and fill (each draw is one).',
  },
  modelDepth: { value: 32, unit: 'levels', what: 'Models within models (Keras), groups within groups (HDF5).' },
  layerCalls: {
    value: 100_000,
    unit: 'calls',
    what: 'Calls of layers, with those of models within models for each call of these.',
  },
  imageFile: { value: 4 * GiB, unit: 'bytes', what: 'One file of an image set, packed or unpacked.' },
  unpackedTimes: {
    value: 256,
    unit: 'times',
    what: 'What a gzipped file of an image set may grow by, beyond its first 64 MiB.',
  },
  imageSet: { value: 8 * GiB, unit: 'bytes', what: 'The decoded pixels of the images of a set that are used.' },
  images: { value: 4_000_000, unit: 'images', what: 'The images that the files of a set hold.' },
  imageElements: { value: 2 ** 26, unit: 'numbers', what: 'One image: channels × height × width.' },
  folderEntries: { value: 5_000_000, unit: 'files and folders', what: 'Below the folder of an image set.' },
  folderDepth: { value: 32, unit: 'folders', what: 'Within one another, below the folder of an image set.' },
  pictureFile: { value: 256 * MiB, unit: 'bytes', what: 'One picture of a folder.' },
  picturePixels: {
    value: 2 ** 25,
    unit: 'pixels',
    what: 'One picture of a folder, as its header declares it; AVIF: half as many.',
  },
  pictureLongest: { value: 2 ** 15, unit: 'pixels', what: 'The longer side of a picture of a folder.' },
  picturesPixels: { value: 2 ** 25, unit: 'pixels', what: 'Pictures that are decoded at once.' },
  pictureSeconds: { value: 30, unit: 'seconds', what: 'Decoding one picture.' },
  classesFile: { value: 4 * MiB, unit: 'bytes', what: 'A file of class names.' },
  specNesting: { value: 64, unit: 'levels', what: 'Lists and mappings within one another in a spec.' },
  specNodes: {
    value: 2_000_000,
    unit: 'values',
    what: 'Values of a spec, those that aliases repeat counted each time.',
  },
  specMistakes: {
    value: 10_000,
    unit: 'mistakes',
    what: 'Mistakes of a spec that are looked for; 20 of them are printed, all are in `--json`.',
  },
  studyUnits: {
    value: 10_000_000,
    unit: 'cells',
    what: 'Cells and groups of impulses of one study, whatever `run.limit` says: planning holds the key of each.',
  },
  quadruples: {
    value: 100_000,
    unit: 'quadruples',
    what: '`budget` of an ablation of mode `quadruples`: planning holds the places of each.',
  },
  impulsesOfGroup: {
    value: 65_536,
    unit: 'impulses',
    what: 'Impulses at one place on one base: channels × positions × amplitudes. One unit of work holds them all.',
  },
  responseObject: {
    value: 4 * GiB,
    unit: 'bytes',
    what: 'Responses to one group of impulses, before they are cropped: they are one object, held in memory.',
  },
  momentsObject: {
    value: GiB,
    unit: 'bytes',
    what: 'What the substitutes of one site are fitted to: products of its kernels with those of their pool, by fold.',
  },
  bootstrap: { value: 1_000_000, unit: 'resamples', what: '`analysis.bootstrap`.' },
  workers: { value: 1024, unit: 'processes', what: '`run.workers`.' },
  pictureSide: { value: 16_384, unit: 'pixels', what: '`resize` and `crop` of an image set.' },
  archiveEntries: { value: 1_000, unit: 'files', what: 'Files in a .keras archive.' },
  expanded: {
    value: 64 * MiB,
    unit: 'bytes',
    what: 'What a compressed network grows to, where that is more than 16 times its size.',
  },
  parserTime: {
    value: 5,
    unit: 'seconds',
    what: 'Reading an HDF5 file, besides a second for each 32 MiB; its reader is ended then.',
  },
  specFile: { value: 8 * MiB, unit: 'bytes', what: 'A spec.' },
  record: {
    value: 64 * MiB,
    unit: 'bytes',
    what: 'A record of a store: a root, a study, a mode, an order, a wave, a list of failures, an analysis.',
  },
  longRecord: { value: 512 * MiB, unit: 'bytes', what: 'A planned stage in a store.' },
  storedObject: {
    value: 4 * GiB,
    unit: 'bytes',
    what: 'Any other object of a store: a file of a network, a chunk of images, cells, kept outputs, responses, a table, a report.',
  },
} satisfies Readonly<Record<string, Limit>>;

export type LimitName = keyof typeof limits;
