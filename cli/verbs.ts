import type { Command } from 'commander';

/** A verb: what the overview and its own help say of it, and its file. Only the verb that is asked for is loaded, with the libraries it needs. */
export interface Verb {
  readonly summary: string;
  /** What its help says, where that is more. */
  readonly description?: string;
  /** Gives it its arguments, options and action. */
  readonly load: () => Promise<(verb: Command) => void>;
}

const rows = {
  init: {
    summary: 'write a commented spec to start from',
    load: async () => (await import('./init.js')).initCommand,
  },
  validate: {
    summary: 'check a spec against its networks and images; shows every mistake at once',
    load: async () => (await import('./validate.js')).validateCommand,
  },
  check: {
    summary: 'run a network on inputs and compare with expected outputs',
    load: async () => (await import('./check.js')).checkCommand,
  },
  inspect: {
    summary: 'layers, sites, kernels, coupling, shapes, parameters and MACs of a network',
    load: async () => (await import('./inspect.js')).inspectCommand,
  },
  baseline: {
    summary: 'run the intact networks only and compare their accuracy with what the spec expects',
    description: 'run the intact networks only and compare their accuracy with the spec’s expect',
    load: async () => (await import('./baseline.js')).baselineCommand,
  },
  plan: {
    summary: 'what a study would compute, what of it is stored, and what it would take',
    load: async () => (await import('./plan.js')).planCommand,
  },
  preview: {
    summary: 'predict what every lesion of a study would do, from gradients, in seconds',
    description:
      'predict what every lesion of a study would do, from gradients of the intact networks, and run a few exactly to see how far to rely on it',
    load: async () => (await import('./preview.js')).previewCommand,
  },
  run: {
    summary: 'run a study on this machine: plan, compute what is missing, analyse, report',
    load: async () => (await import('./run.js')).runCommand,
  },
  submit: {
    summary: 'hand a study to your Temporal; workers of the same store compute it',
    load: async () => (await import('./submit.js')).submitCommand,
  },
  resume: {
    summary: 'go on: with a spec as run does, or with a paused study',
    description: 'go on: with a spec as percuss run does, or with a paused study',
    load: async () => (await import('./control.js')).resumeCommand,
  },
  pause: {
    summary: 'let a submitted study finish its batches in flight and then wait',
    load: async () => (await import('./control.js')).pauseCommand,
  },
  cancel: {
    summary: 'end a submitted study; what is committed stays',
    load: async () => (await import('./control.js')).cancelCommand,
  },
  window: {
    summary: 'how many batches of a submitted study are in flight, from now on',
    load: async () => (await import('./control.js')).windowCommand,
  },
  priority: {
    summary: 'which studies come first: of the batches of a submitted study, from now on',
    load: async () => (await import('./control.js')).priorityCommand,
  },
  status: {
    summary: 'how a submitted study stands',
    description: 'how a study stands: running, paused, cancelled, without workers, and how far it is',
    load: async () => (await import('./control.js')).statusCommand,
  },
  watch: {
    summary: 'follow a submitted study until it ends',
    description: 'follow a submitted study until it ends; Ctrl-C stops watching, not the study',
    load: async () => (await import('./control.js')).watchCommand,
  },
  list: {
    summary: 'the studies of a store',
    description: 'the studies of a store, and how each stands',
    load: async () => (await import('./list.js')).listCommand,
  },
  report: {
    summary: 'write the report and the tables of a finished study',
    load: async () => (await import('./report.js')).reportCommand,
  },
  query: {
    summary: 'SQL over the tables of a study',
    description: 'SQL over the tables of a study: models, layers, kernels, ablations, curves, …',
    load: async () => (await import('./query.js')).queryCommand,
  },
  prune: {
    summary: 'write a smaller network, without the kernels that a study found to matter least',
    description:
      'write a smaller network as ONNX, without the kernels that a study measured to matter least; what that does is measured on images that had no part in the choice',
    load: async () => (await import('./prune.js')).pruneCommand,
  },
  explain: {
    summary: 'why a study would compute anything anew; what one cell’s key is made of',
    description:
      'why a study would compute anything anew, by the stored study that is nearest; with --ablation or --model, of one cell: its key part by part, whether it is stored, and why not',
    load: async () => (await import('./explain.js')).explainCommand,
  },
  verify: {
    summary: 'compute a sample of a study’s cells again on another engine, and compare',
    load: async () => (await import('./verify.js')).verifyCommand,
  },
  rm: {
    summary: 'remove a study’s records, report and tables from the store',
    description:
      'remove a study’s records, report and tables from the store; cells, networks and images stay until percuss gc',
    load: async () => (await import('./rm.js')).rmCommand,
  },
  gc: {
    summary: 'what of a store no study rests on, and removing it',
    description: 'say, or with --delete remove, what of a store no study rests on; safe beside studies that run',
    load: async () => (await import('./gc.js')).gcCommand,
  },
  worker: {
    summary: 'take part in the studies of a store until stopped',
    load: async () => (await import('./worker.js')).workerCommand,
  },
  server: {
    summary: 'a Temporal server of your own on this machine',
    description: 'a Temporal server of your own on this machine (loopback only, without authentication)',
    load: async () => (await import('./server.js')).serverCommand,
  },
  bench: {
    summary: 'measure an engine on a network, and what plans predict by',
    description: 'measure an engine on a network: images/s, GFLOP/s, share of its peak, and the cost model of plans',
    load: async () => (await import('./bench.js')).benchCommand,
  },
  doctor: {
    summary: 'what percuss finds on this machine, and where each setting came from',
    description:
      'what percuss finds on this machine: engines with their speed, store, Temporal, and where each setting came from',
    load: async () => (await import('./doctor.js')).doctorCommand,
  },
} as const satisfies Readonly<Record<string, Verb>>;

/** Every verb of `percuss`, in the order of the overview; `docs/commands.md` is made from them. */
export const verbs: Readonly<Record<string, Verb>> = rows;
