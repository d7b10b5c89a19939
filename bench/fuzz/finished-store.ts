import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { canonicalJson, type Json } from '../../core/canonical.js';
import { sha256 } from '../../core/digest.js';
import { PercussError } from '../../core/errors.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { SEMANTICS } from '../../core/plan/identity.js';
import type { RandomStream } from '../../core/random.js';
import { memoryStore } from '../../core/store/memory-store.js';
import { Catalog } from '../../core/study/catalog.js';
import { adoptedScores } from '../../core/study/planning/decisions.js';
import { outputScope } from '../../core/study/reading/committed.js';
import { CellReader } from '../../core/study/reading/cell-reader.js';
import { loadModelResults } from '../../core/study/reading/load-model-results.js';
import { loadOutlines } from '../../core/study/reading/outlines.js';
import { outputsOf } from '../../core/study/analysing/outputs.js';
import { bytesOf, changed, mutatedJson, textOf, type Input } from './input.js';
import { mutatedBytes, pick } from './mutation.js';
import { idxOf } from './packed-images.js';

const spec = `version: 1
study: fuzzed
data: { some: { format: idx, files: [x.idx], labels: [y.idx] } }
defaults: { data: some, input: { divide: 255, mean: [0], std: [1] }, output: { kind: logits } }
models: { dense: { file: NETWORK } }
ablations:
  each-layer: { unit: layer, mode: each, fill: zero }
  order: { unit: layer, mode: cumulative, order: kl, fill: zero }
  waves: { unit: layer, mode: each, fill: zero, stop: { top: 2, epsilon: 0.05 } }
impulses:
  one: { at: input, positions: center, amplitudes: [1], base: normalised-zero, record: "*" }
run: { engine: onnxruntime, workers: 1 }
`;

const folder = path.join('.tmp', 'fuzz', 'finished-store');

/** Runs a small study once; its store is kept for the next time, and for other children. */
function finished(): string {
  if (existsSync(folder)) return folder;
  const scratch = `${folder}-${process.pid}`;
  mkdirSync(scratch, { recursive: true });
  const network = path.relative(scratch, 'experiments/zoo/dense/model.json');
  writeFileSync(path.join(scratch, 'study.yaml'), spec.replace('NETWORK', network));
  const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7) % 251);
  writeFileSync(path.join(scratch, 'x.idx'), idxOf([20, 28, 28], counting(20 * 784)));
  writeFileSync(
    path.join(scratch, 'y.idx'),
    idxOf(
      [20],
      Uint8Array.from({ length: 20 }, (_, i) => i % 10),
    ),
  );
  const main = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
  const run = ['run', path.join(scratch, 'study.yaml'), '--store', `file:${scratch}/store`, '--out', `${scratch}/out`];
  const { status, stderr } = spawnSync(process.execPath, [main, ...run], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the study whose records are mutated did not run: ${stderr}`);
  try {
    renameSync(scratch, folder);
  } catch {
    rmSync(scratch, { recursive: true });
  }
  return folder;
}

/** The records of a finished study, with what they name. */
export function recordsOfStudy(): Input {
  const store = path.join(finished(), 'store');
  return new Map(
    readdirSync(store, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(path.join(store, name)).isFile())
      .sort()
      .map((name) => [name, new Uint8Array(readFileSync(path.join(store, name)))]),
  );
}

const records = /^(?:roots|studies|stages|machines|failures|store\.json)/;

/**
 * Changes one record. Most of them are made to have the hash again that they state, or that their key states: else nothing of them is
 * looked at.
 */
export function mutatedRecord(seed: Input, random: RandomStream): Input {
  if (random.below(10) === 0) {
    const any = pick(random, [...seed.keys()]);
    return changed(seed, any, mutatedBytes(seed.get(any) as Uint8Array, random));
  }
  const name = pick(
    random,
    [...seed.keys()].filter((key) => records.test(key) && key.endsWith('.json')),
  );
  const bytes = seed.get(name) as Uint8Array;
  const stated = JSON.parse(textOf(bytes)) as { readonly sha256?: string; readonly value: Json };
  if (random.below(8) === 0) return changed(seed, name, mutatedBytes(bytes, random));
  if (typeof stated.sha256 === 'string' && 'value' in stated) {
    const mutated = textOf(mutatedJson(bytesOf(canonicalJson(stated.value)), random));
    return changed(seed, name, bytesOf(`{"sha256":"${sha256(mutated)}","value":${mutated}}`));
  }
  const mutated = mutatedJson(bytes, random);
  if (!name.endsWith('/study.json')) return changed(seed, name, mutated);
  const [before, after] = [path.basename(path.dirname(name)), sha256(mutated)];
  return new Map(
    [...changed(seed, name, mutated)].map(([key, content]) => [
      key.replace(before, after),
      key.endsWith('.json') && key !== name ? restated(content, before, after) : content,
    ]),
  );
}

/** A record that speaks of another study. */
function restated(bytes: Uint8Array, before: string, after: string): Uint8Array {
  const text = textOf(bytes);
  const match = /^\{"sha256":"[0-9a-f]{64}","value":(.*)\}$/s.exec(text);
  const value = match?.[1]?.replaceAll(before, after);
  return value === undefined ? bytes : bytesOf(`{"sha256":"${sha256(value)}","value":${value}}`);
}

/** Reads all that a report is made of. @throws PercussError OBJECT_DAMAGED, too, where something was set aside. */
export async function readRecords(input: Input): Promise<void> {
  const store = memoryStore();
  for (const [key, bytes] of input) await store.putIfAbsent(key, bytes);
  const notices: string[] = [];
  const ledger = new Ledger(store, { onNotice: (notice) => void notices.push(JSON.stringify(notice)) });
  await ledger.identity();
  const roots = await ledger.listStudies();
  for (const { id } of roots) {
    await ledger.failuresOf(id);
    await ledger.getDecision(id, 'yaml');
    await ledger.getDecision(id, 'choice');
    const mode = await ledger.getDecision<Parameters<typeof loadOutlines>[2]['mode']>(id, 'mode');
    const outputs = await outputsOf(ledger, id);
    for (const ref of [outputs.report, outputs.summary, ...Object.values(outputs.tables)]) await ledger.getOutput(ref);
    if (mode === undefined) continue;
    const study = { id, study: ledger.studyRef(id), mode, batchSeconds: 1 };
    const catalog = new Catalog((digest) => ledger.getBlob(digest));
    const scores = await adoptedScores(ledger, study);
    const { models, study: resolved } = await loadOutlines(ledger, catalog, study, { scores });
    for (const outline of models) {
      const cells = await CellReader.open(ledger, outline, resolved.seed);
      await loadModelResults(ledger, catalog, outline, resolved.seed, cells);
      cells.close();
      for (const chunk of outline.chunks)
        for await (const { values } of ledger.streamOutputs(outputScope(outline, chunk))) values.fill(0);
      await ledger.provenanceOf({ ...outline.scope, semantics: SEMANTICS });
    }
  }
  if (notices.length > 0 || roots.length === 0) throw new PercussError('OBJECT_DAMAGED', notices.join(' '));
}
