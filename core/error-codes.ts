/** What kinds of failures there are, and the exit code with which the command line ends. */
export const errorKinds = {
  /** The user's to mend: command, spec, files. */
  input: { exit: 2 },
  /** A result of the batch: halved, tried again, recorded as failed. */
  compute: { exit: 3 },
  storage: { exit: 3 },
  /** Waited for within a running study. */
  infrastructure: { exit: 4 },
  interrupted: { exit: 130 },
  bug: { exit: 1 },
} as const;

/** How failures differ for whoever meets them: what becomes of a running study, and how the command ends. */
export type ErrorKind = keyof typeof errorKinds;

/** What is said of a code. Texts are Markdown. */
interface CodeRow {
  readonly kind: ErrorKind;
  /** When it is raised. */
  readonly when: string;
  /** What its reader is to do. */
  readonly advice: string;
}

const rows = {
  USAGE: {
    kind: 'input',
    when: 'A command, option, store URL, SQL statement, Temporal profile or environment variable that cannot be meant.',
    advice:
      'Correct the command; `percuss VERB --help` shows its options, `percuss doctor` where each setting came from.',
  },
  SPEC_INVALID: {
    kind: 'input',
    when: 'The spec has mistakes, in itself or against its networks and images. All are found at once, 20 are printed, each with file, line, column and, where there is one, the nearest real name. Where all are of another code (`MODEL_UNSUPPORTED`, `LIMIT_EXCEEDED` …), the failure has that. Also, once the intact networks have run: outputs are not what `output.kind` says, with its line where the spec is at hand (`run`, `baseline`).',
    advice: 'Mend the lines that are named, then `percuss validate SPEC`.',
  },
  FILE_MISSING: {
    kind: 'input',
    when: 'A file or object that is named cannot be read.',
    advice: 'Check the path: those in a spec are relative to the spec.',
  },
  FILE_UNUSABLE: {
    kind: 'input',
    when: "A file or folder that is named can't be read or written: permission denied, a folder where a file is expected or the other way round, a full disk, too many open files.",
    advice: 'The message names file and reason.',
  },
  FILE_DAMAGED: {
    kind: 'input',
    when: 'A file of a network or of an image set is not what its format says: truncated, altered, or made to mislead; or it names a file outside its own folder.',
    advice: 'Export, save or download it again. The message names file and place, `--debug` shows the cause.',
  },
  DATA_INVALID: {
    kind: 'input',
    when: 'Images and labels disagree in size or number, do not fit the network, are of a kind that is not read, or their classes are missing, extra or in no certain order.',
    advice: 'The message names file and record, both shapes, or the classes; `classes` in the spec fixes their order.',
  },
  MODEL_INVALID: {
    kind: 'input',
    when: "A network's file can be read, but what it says contradicts itself.",
    advice: 'Export it again.',
  },
  MODEL_UNSUPPORTED: {
    kind: 'input',
    when: 'A network uses an operator, layer, opset or shape that is not supported. All of them are named at once.',
    advice: 'See [limits](limits.md); export with other options, or leave the part out.',
  },
  EXPECTATION_MISSED: {
    kind: 'input',
    when: 'An intact network misses the accuracy that the spec expects of it, or its outputs are not finite on some images, or its activations on reference images that fills are taken from. Nothing was ablated.',
    advice:
      'Check `input`, `output.class-offset` and the images; then correct the spec, or `expect`. `percuss baseline SPEC` shows all networks.',
  },
  LIMIT_EXCEEDED: {
    kind: 'input',
    when: 'The study is above `run.limit`, or a file or a spec asks for more than [limits](limits.md#how-much-is-taken) allows. Nothing was run or stored.',
    advice: 'Ask for less (`percuss plan SPEC` shows what costs most), or raise `run.limit`.',
  },
  NOT_FOUND: {
    kind: 'input',
    when: 'No such study, table or stored object; or a study that has no report of this version yet.',
    advice: '`percuss list` shows the studies of a store; check `--store`.',
  },
  ENGINE_UNAVAILABLE: {
    kind: 'input',
    when: 'This machine cannot serve the numeric mode that the study has.',
    advice: 'Install what the message names, or choose another `run.engine`.',
  },
  ENGINE_FAILED: {
    kind: 'compute',
    when: 'The engine could not compile or run a part of a network. The batch is halved, down to the unit.',
    advice:
      'Usually nothing: what remains is recorded as failed and tried again by the next run. If all of it fails, report it with the message.',
  },
  COMPUTE_CRASHED: {
    kind: 'compute',
    when: 'A compute process died, was ended for its memory, or did not finish in time. The batch is halved, down to the unit.',
    advice:
      "As above; with several at once look at the machine's memory, and give fewer `--workers` or `--slots`, or a limit (`run.memory`, `--memory`) that ends one process before the machine ends all.",
  },
  OBJECT_DAMAGED: {
    kind: 'storage',
    when: 'A stored object does not have the hash or the form that it must have. It was copied below `aside/` and removed. Or `store.json` is damaged.',
    advice:
      'Run the study again: what it held is computed or stored anew. `percuss doctor --mend-store` mends `store.json`.',
  },
  STORE_UNREACHABLE: {
    kind: 'infrastructure',
    when: 'The folder or bucket cannot be read or written, does not exist, or refuses the credentials.',
    advice: 'The message names bucket and host. Within a running study on Temporal it is waited for, with back-off.',
  },
  STORE_UNSUITABLE: {
    kind: 'infrastructure',
    when: 'The S3 server failed the probe at the start: it ignores conditional writes or checksums, or does not list in order.',
    advice: 'Use a server that passes; see [cluster](cluster.md#the-store).',
  },
  TEMPORAL_UNREACHABLE: {
    kind: 'infrastructure',
    when: 'No Temporal answers at the address, or none is configured.',
    advice: 'Check address and network, `percuss server start`, or run with `--in-process`.',
  },
  SERVER_UNAVAILABLE: {
    kind: 'infrastructure',
    when: 'The embedded Temporal server cannot be obtained or does not keep running.',
    advice: 'The message lists what was tried; install the Temporal CLI, or run with `--in-process`.',
  },
  CANCELLED: {
    kind: 'interrupted',
    when: "Ctrl-C, SIGTERM, `percuss cancel`, or an aborted signal of the library's caller.",
    advice: 'Run the same command again: what is committed is kept.',
  },
  BUG: {
    kind: 'bug',
    when: 'Something that percuss must not do, or anything else that was thrown.',
    advice: 'Report it with what you did and the lines that were printed.',
  },
} satisfies Readonly<Record<string, CodeRow>>;

/** What kind of failure it is, exactly. */
export type ErrorCode = keyof typeof rows;

/**
 * Every failure that percuss itself raises carries one of these codes. The set is closed: `docs/errors.md` is made from it,
 * Temporal matches failures by it, and the command line derives its exit code from it. Texts are Markdown.
 */
export const errorCodes: { readonly [C in ErrorCode]: CodeRow } = rows;
