import { canonicalJson, type Json } from '../../canonical.js';
import { encodeChunk, type Chunk } from '../../data/chunk.js';
import { loadImageSet, type ImageSet } from '../../data/image-set.js';
import { trialOf, wavesOf } from '../../data/waves.js';
import { sha256, type Digest } from '../../digest.js';
import { isPercussError, type PercussError } from '../../errors.js';
import { smallest } from '../../extremes.js';
import { registered } from '../../ledger/collection.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { Graph } from '../../network/graph.js';
import { formatOf, importNetwork, networkFiles } from '../../import/import-network.js';
import type { NetworkFormat } from '../../import/network-formats.js';
import { anatomyOf } from '../../anatomy/anatomy.js';
import type { Anatomy } from '../../anatomy/site.js';
import type { NumericMode } from '../../numeric-mode.js';
import { SEMANTICS } from '../../plan/identity.js';
import { silent, type Progress } from '../../progress.js';
import type { ChunkRef, ResolvedData, ResolvedModel, ResolvedStudy, StudyRef } from '../../spec/resolved-study.js';
import type { ImpulseSpec, ModelSpec, StudySpec } from '../../spec/study-spec.js';
import type { ModeChoice } from './choose-mode.js';
import { inputs, networkReader } from './input-files.js';
import { checkOrders, previewedAblations } from './previewed-ablations.js';

/** A network of a spec, read and imported. */
export interface ReadModel {
  readonly spec: ModelSpec;
  readonly format: NetworkFormat;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly graph: Graph;
  readonly anatomy: Anatomy;
}

/** Everything that a spec names, read from where its author keeps it. */
export interface StudyInputs {
  readonly spec: StudySpec;
  readonly models: readonly ReadModel[];
  readonly images: ReadonlyMap<string, ImageSet>;
  /** Of ablations that stop by images where a preview was asked for. */
  readonly notices: readonly string[];
}

/** Reads a model file with what lies beside it. */
export async function readModelFiles(
  file: string,
): Promise<{ readonly format: NetworkFormat; readonly files: ReadonlyMap<string, Uint8Array> }> {
  const format = formatOf(file);
  return { format, files: await networkFiles(format, file, networkReader) };
}

/** Takes note of a network, or an image set, that could not be read. */
export type InputFailed = (section: 'models' | 'data', name: string, error: PercussError) => void;

/**
 * Reads networks and images of a spec.
 * @param failed for those that are the author's to mend; without it the first of them is thrown.
 * @throws PercussError naming the file that cannot be read or is not supported.
 */
export async function readStudyInputs(
  spec: StudySpec,
  progress: Progress = silent,
  failed?: InputFailed,
): Promise<StudyInputs> {
  const attempt = async (section: 'models' | 'data', name: string, read: () => Promise<void>): Promise<void> => {
    try {
      await read();
    } catch (error) {
      if (!failed || !isPercussError(error) || error.kind !== 'input') throw error;
      failed(section, name, error);
    }
  };
  const models: ReadModel[] = [];
  const total = spec.models.length + spec.data.length;
  const step = (label: string, done: number): void => progress({ phase: 'prepare', label, done, total, unit: 'steps' });
  for (const model of spec.models) {
    step(`reading ${model.name}`, models.length);
    await attempt('models', model.name, async () => {
      const { format, files } = await readModelFiles(model.file);
      const graph = await importNetwork(model.name, format, files, model.file, model.output.name);
      // A name that is no output is the spec check's to report, with its place.
      const named = graph.outputs.find((output) => output === model.output.name);
      const output = named ?? graph.outputs.at(-1);
      const anatomy = anatomyOf(graph, { after: model.after, ...(output === undefined ? {} : { output }) });
      checkOrders(spec.ablations, { spec: model, graph, anatomy });
      models.push({ spec: model, format, files, graph, anatomy });
    });
  }
  const images = new Map<string, ImageSet>();
  for (const data of spec.data) {
    step(`decoding ${data.name}`, models.length + images.size);
    await attempt('data', data.name, async () => {
      images.set(data.name, await loadImageSet(data, spec.seed, inputs));
    });
  }
  const impulses = spec.impulses.map((impulse) => withBases(impulse, spec, images));
  const previewed = previewedAblations(spec.ablations, models);
  return { spec: { ...spec, impulses, ablations: previewed.ablations }, models, images, notices: previewed.notices };
}

/** Bases by default as many as the reference images of all networks allow, and likewise what may be added to them. */
function withBases(impulse: ImpulseSpec, spec: StudySpec, images: ReadonlyMap<string, ImageSet>): ImpulseSpec {
  const { bases, resolve } = impulse;
  if (!('images' in bases) || !(bases.orFewer || resolve?.budget.orFewer)) return impulse;
  const counts = spec.models
    .filter(({ name }) => impulse.models.includes(name))
    .flatMap(
      ({ reference }) => images.get(reference)?.chunks.reduce((sum, { labels }) => sum + labels.length, 0) ?? [],
    );
  const atMost = (asked: { readonly images: number; readonly orFewer?: true }): number =>
    asked.orFewer ? smallest([asked.images, ...counts]) : asked.images;
  const budget = resolve && { images: atMost(resolve.budget), positions: resolve.budget.positions };
  return {
    ...impulse,
    bases: { images: atMost(bases) },
    ...(resolve && budget ? { resolve: { ...resolve, budget } } : {}),
  };
}

/** What becomes of every network and image once it is named by content: blobs to store, and the study that names them. */
export interface ResolvedInputs {
  readonly study: ResolvedStudy;
  readonly id: Digest;
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
}

/** Names everything by content. Pure. */
export function resolveStudy({ spec, models, images }: StudyInputs): ResolvedInputs {
  const blobs = new Map<Digest, Uint8Array>();
  const keep = (bytes: Uint8Array): Digest => {
    const digest = sha256(bytes);
    blobs.set(digest, bytes);
    return digest;
  };
  const keepChunk = (chunk: Chunk): ChunkRef => ({ digest: keep(encodeChunk(chunk)), images: chunk.labels.length });
  const adaptive = new Set(spec.ablations.flatMap((ablation) => (ablation.stop ? ablation.models : [])));
  const inWaves = new Set(spec.models.flatMap((model) => (adaptive.has(model.name) ? [model.data] : [])));
  const predicted = new Set(spec.ablations.flatMap((ablation) => ablation.previewed ?? []));
  const previewed = new Set(spec.models.flatMap((model) => (predicted.has(model.name) ? [model.data] : [])));
  const study = plain({
    version: 1,
    semantics: SEMANTICS,
    study: spec.study,
    seed: spec.seed,
    data: spec.data.map(({ name }): ResolvedData => {
      const set = images.get(name) as ImageSet;
      const chunks = set.chunks.map(keepChunk);
      const waves = inWaves.has(name) && {
        waves: wavesOf(set.chunks, spec.seed).map((wave) => wave.map(keepChunk)),
      };
      const trial = previewed.has(name) && { trial: keepChunk(trialOf(set.chunks)) };
      return { name, shape: set.shape, classes: set.classes, chunks, ...waves, ...trial };
    }),
    models: models.map((model) => resolveModel(model, keep)),
    ablations: spec.ablations,
    impulses: spec.impulses,
    analysis: spec.analysis,
  } satisfies ResolvedStudy) as unknown as ResolvedStudy;
  return { study, id: sha256(canonicalJson(study as unknown as Json)), blobs };
}

/** The digest covers files, preprocessing, the output's reading, and where sites lie: all that values depend on. */
function resolveModel({ spec, format, files }: ReadModel, keep: (bytes: Uint8Array) => Digest): ResolvedModel {
  const { file: _file, ...rest } = spec;
  const blobs = [...files]
    .map(([name, bytes]) => ({ name, blob: keep(bytes) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const { input, output, after } = spec;
  const content = sha256(canonicalJson(plain({ format, files: blobs, input, output, after })));
  return { ...rest, content, format, files: blobs };
}

/** Without members that are undefined: those stand for a default, and canonical JSON refuses them. */
export function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

/**
 * Stores a study: its root and a submission first, then networks and images by content, then the study itself; whoever has the store can
 * then work on it. Storing the same study again changes nothing.
 */
export async function storeStudy(
  ledger: Ledger,
  { study, id, blobs }: ResolvedInputs,
  options: {
    /** Proposed; a mode that was adopted before stands. */
    readonly mode: NumericMode;
    /** How that was measured; what was chosen by an earlier one stands. */
    readonly choice?: ModeChoice;
    readonly yaml: string;
    readonly batchSeconds: number;
    readonly progress?: Progress;
  },
): Promise<StudyRef> {
  const progress = options.progress ?? silent;
  // Before it relies on anything that is stored: who removes what no study rests on sees it, or is waited for.
  await registered(
    ledger.store,
    async () => {
      await ledger.putRoot(id, { study: study.study });
      await ledger.beginSubmission(id);
    },
    () =>
      progress({ phase: 'prepare', label: 'waiting for percuss gc or rm to end', done: 0, total: 1, unit: 'steps' }),
  );
  let done = 0;
  for (const bytes of blobs.values()) {
    progress({
      phase: 'prepare',
      label: 'storing networks and images',
      done: done++,
      total: blobs.size,
      unit: 'steps',
    });
    await ledger.putBlob(bytes);
  }
  const ref = await ledger.putStudy(id, study);
  const choice = options.choice && (await ledger.putDecision(id, 'choice', options.choice));
  const mode = await ledger.putDecision(id, 'mode', choice?.chosen ?? options.mode);
  await ledger.putDecision(id, 'yaml', options.yaml);
  return { id, study: ref, mode, batchSeconds: options.batchSeconds };
}
