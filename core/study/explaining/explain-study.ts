import type { Digest } from '../../digest.js';
import { asideRecords } from '../../ledger/aside-records.js';
import { Ledger } from '../../ledger/ledger.js';
import { printNumericMode, type NumericMode } from '../../numeric-mode.js';
import type { Tally } from '../../plan/planner.js';
import { lengthOf, printGroup } from '../../plan/stage.js';
import type { StudySpec } from '../../spec/study-spec.js';
import { withoutWriting } from '../../store/without-writing.js';
import { Catalog } from '../catalog.js';
import { planOf } from '../planning/plan-report.js';
import { nextStage } from '../planning/plan-stage.js';
import type { ResolvedInputs } from '../preparing/resolve-study.js';
import { storedStudy } from '../verifying/verify.js';
import { nearestStudy, type Neighbour } from './nearest-study.js';

/** What is missing of one network and ablation, or set of impulses. */
export interface MissingPart {
  readonly model: string;
  readonly part: string;
  readonly units: number;
}

/** Why a study would, or would not, compute. */
export interface StudyExplanation {
  readonly study: Digest;
  readonly name: string;
  readonly numericMode: string;
  /** Whether the store holds this very study. */
  readonly known: boolean;
  /** Of a stored study what is asked for as far as results have decided; else at most. */
  readonly units: Tally;
  /** Of the stage that comes next, or of all where nothing is stored of it. */
  readonly missing: readonly MissingPart[];
  /** Objects that were set aside, by reason: what they held is computed anew, by whichever study needs it. */
  readonly setAside: Readonly<Record<string, number>>;
  readonly nearest: Neighbour | null;
}

/** A study that is read from its spec and need not be stored. */
export interface ReadSpec {
  readonly resolved: ResolvedInputs;
  readonly spec: StudySpec;
  readonly mode: NumericMode;
  readonly catalog: Catalog;
}

/** Records of `aside/` that are looked at. */
const MOST_ASIDE = 10_000;

async function setAsideOf(ledger: Ledger, models: readonly Digest[]): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const { key, reason } of await asideRecords(ledger.store, MOST_ASIDE)) {
    if (!models.some((model) => key.includes(`/${model}/`))) continue;
    counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
}

/** Why a stored study would compute anything if it ran again. Decides and writes nothing. @throws PercussError NOT_FOUND. */
export async function explainStored(ledger: Ledger, id: Digest, against?: Digest): Promise<StudyExplanation> {
  const looking = new Ledger(withoutWriting(ledger.store));
  const ref = await storedStudy(looking, id);
  const study = await looking.getRecord(ref.study);
  const catalog = new Catalog((digest) => looking.getBlob(digest));
  const { tally, stage } = await nextStage(looking, catalog, ref, { expectations: false });
  const counts = new Map<string, MissingPart>();
  for (const group of stage?.groups ?? []) {
    const part = printGroup(group);
    const units = (counts.get(`${group.model} ${part}`)?.units ?? 0) + lengthOf(group.missing);
    counts.set(`${group.model} ${part}`, { model: group.model, part, units });
  }
  const own = { id, study, mode: ref.mode, blob: (digest: Digest) => looking.getBlob(digest) };
  return {
    study: id,
    name: study.study,
    numericMode: printNumericMode(ref.mode),
    known: true,
    units: tally,
    missing: [...counts.values()],
    setAside: await setAsideOf(
      looking,
      study.models.map(({ content }) => content),
    ),
    nearest: (await nearestStudy(looking, own, against)) ?? null,
  };
}

/** Why a spec would compute what it would. A study that is stored is explained by what is known of it. */
export async function explainSpec(ledger: Ledger, read: ReadSpec, against?: Digest): Promise<StudyExplanation> {
  const { resolved, spec, mode, catalog } = read;
  const looking = new Ledger(withoutWriting(ledger.store));
  if (await looking.getDecision<NumericMode>(resolved.id, 'mode')) return explainStored(ledger, resolved.id, against);
  const plan = await planOf(looking, catalog, resolved, mode, spec.run);
  const blob = (digest: Digest): Promise<Uint8Array> => Promise.resolve(resolved.blobs.get(digest) as Uint8Array);
  const own = { id: resolved.id, study: resolved.study, mode, spec, blob };
  return {
    study: resolved.id,
    name: resolved.study.study,
    numericMode: plan.numericMode,
    known: false,
    units: { total: plan.units, stored: plan.stored, failed: 0 },
    missing: plan.rows
      .filter((row) => row.units > row.stored)
      .map(({ model, name, units, stored }) => ({ model, part: name, units: units - stored })),
    setAside: await setAsideOf(
      looking,
      resolved.study.models.map(({ content }) => content),
    ),
    nearest: (await nearestStudy(looking, own, against)) ?? null,
  };
}
