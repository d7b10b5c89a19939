import { largest } from '../../extremes.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { NumericMode } from '../../numeric-mode.js';
import { printNumericMode } from '../../numeric-mode.js';
import { defaultCost, type CostModel } from '../../plan/cost.js';
import { outlineOf, type ModelOutline } from '../../plan/outline.js';
import {
  missingOf,
  PlannedKeys,
  stageGroups,
  type StageContext,
  type Tally,
  WAVES,
  type WholeGroup,
} from '../../plan/planner.js';
import { lengthOf, printGroup, type UnitGroup } from '../../plan/stage.js';
import { batchCounts } from '../../self-scheduling.js';
import type { ResolvedData } from '../../spec/resolved-study.js';
import type { RunSpec } from '../../spec/study-spec.js';
import type { Catalog } from '../catalog.js';
import { committedIn } from '../reading/committed.js';
import type { ResolvedInputs } from '../preparing/resolve-study.js';
import { printBytes, printSeconds } from '../print.js';
import { resolveCosts, type ResolveCost } from './resolve-cost.js';
import { stretchesOf } from './stretches.js';
import { unitBytes } from './unit-bytes.js';
import { workloadOf } from './workload.js';

/** One network and ablation, or set of impulses, of a plan. */
export interface PlanRow {
  readonly model: string;
  readonly name: string;
  readonly kind: WholeGroup['kind'];
  /** Conditions, groups of impulses, or objects of nulls. */
  readonly conditions: number;
  /** Conditions × chunks. */
  readonly units: number;
  readonly stored: number;
  readonly batches: number;
  /** Predicted seconds on one process, of what is missing. */
  readonly seconds: number;
  /** Predicted bytes, of what is missing. */
  readonly bytes: number;
}

/**
 * What a study takes. Orders that results decide are planned once those results are there; `later` names them. Adaptive
 * ablations, which `adaptive` names, are counted as if every condition went through all images, so they take at most that; impulses
 * that are resolved are counted with all of their budget, and `resolve` says what they take at least.
 */
export interface StudyPlan {
  readonly study: string;
  readonly id: string;
  readonly numericMode: string;
  readonly rows: readonly PlanRow[];
  readonly later: readonly string[];
  readonly adaptive: readonly string[];
  readonly resolve: readonly ResolveCost[];
  readonly units: number;
  readonly stored: number;
  readonly batches: number;
  /** Predicted seconds of compute processes, all of them together, from when they are ready. */
  readonly seconds: number;
  /** Compute processes that the plan is for. */
  readonly processes: number;
  /** Predicted seconds from the start to the end of all stages on so many processes. */
  readonly wallSeconds: number;
  readonly bytes: number;
  /** Workflow tasks and activities, about: what Temporal Cloud bills. */
  readonly temporalActions: number;
}

/**
 * Plans a study without storing or running anything of it. `cost`: what this machine was measured to do. Batches are those
 * of `run.workers` processes, or of one where that is left open, with two in flight for each.
 */
export async function planOf(
  ledger: Ledger,
  catalog: Catalog,
  { study, id }: ResolvedInputs,
  mode: NumericMode,
  run: Pick<RunSpec, 'batchSeconds' | 'workers'>,
  cost?: CostModel,
): Promise<StudyPlan> {
  const outlines: ModelOutline[] = [];
  const leasts: ModelOutline[] = [];
  const workloads = new Map<string, ReturnType<typeof workloadOf>>();
  for (const model of study.models) {
    const { graph, anatomy } = await catalog.model(model);
    const data = study.data.find((candidate) => candidate.name === model.data) as ResolvedData;
    const common = { study, mode, anatomy, image: data.shape, scores: {}, reach: 'all' } as const;
    outlines.push(outlineOf(model, { ...common, extents: 'most' }));
    leasts.push(outlineOf(model, { ...common, extents: 'least' }));
    workloads.set(model.name, workloadOf(graph, anatomy));
  }
  const processes = run.workers ?? 1;
  const context: StageContext = {
    seed: study.seed,
    committed: committedIn(ledger),
    failed: new Set(),
    workload: (outline) => workloads.get(outline.model.name) as ReturnType<typeof workloadOf>,
    ...(cost ? { cost } : {}),
    run: { processes, batchSeconds: run.batchSeconds },
  };
  let wallSeconds = 0;
  const rows = new Map<string, PlanRow>();
  const planned = new PlannedKeys();
  const window = 2 * processes;
  for (const [index, wholes] of stageGroups(outlines).entries()) {
    const missing: Missing[] = [];
    for (const whole of wholes) {
      const { groups, tally } = await missingOf([whole], outlines, context, planned);
      missing.push({ whole, group: groups[0], tally });
    }
    // How many waves are one stage is not known before; each group of one is counted as if it were a stage.
    const stages = index === WAVES ? missing.map((one) => [one]) : [missing];
    for (const parts of stages) {
      const groups = parts.flatMap(({ group }) => (group ? [group] : []));
      wallSeconds += stageSeconds(groups, processes);
      const counts = batchCounts(stretchesOf({ index, groups }, run.batchSeconds), window);
      for (const part of parts) {
        addGroup(rows, part, outlines, part.group ? (counts[groups.indexOf(part.group)] as number) : 0);
      }
    }
  }
  const list = [...rows.values()];
  const total = (field: 'units' | 'stored' | 'batches' | 'seconds' | 'bytes'): number =>
    list.reduce((sum, row) => sum + row[field], 0);
  const batches = total('batches');
  return {
    study: study.study,
    id,
    numericMode: printNumericMode(mode),
    rows: list,
    later: outlines.flatMap((outline) =>
      outline.ablations.filter(({ list: known }) => !known).map(({ spec }) => `${outline.model.name} · ${spec.name}`),
    ),
    adaptive: outlines.flatMap((outline) =>
      outline.ablations.filter(({ reach }) => reach).map(({ spec }) => `${outline.model.name} · ${spec.name}`),
    ),
    resolve: await resolveCosts(leasts, outlines, context),
    units: total('units'),
    stored: total('stored'),
    batches,
    seconds: total('seconds'),
    processes,
    wallSeconds: batches === 0 ? 0 : wallSeconds + (cost ?? defaultCost).secondsPerProcess,
    bytes: total('bytes'),
    temporalActions: batches === 0 ? 12 : 2 * batches + 24,
  };
}

/** A group, and what is missing of it, if anything. */
interface Missing {
  readonly whole: WholeGroup;
  readonly group: UnitGroup | undefined;
  readonly tally: Tally;
}

/** How long a stage lasts: its processes share its units evenly, but none is shorter than its longest unit. */
export function stageSeconds(groups: readonly UnitGroup[], processes: number): number {
  const whole = groups.reduce((sum, { missing, seconds }) => sum + lengthOf(missing) * seconds, 0);
  return largest([whole / processes, ...groups.map(({ seconds }) => seconds)]);
}

function addGroup(
  rows: Map<string, PlanRow>,
  { whole, group, tally }: Missing,
  outlines: readonly ModelOutline[],
  batches: number,
): void {
  const outline = outlines.find((candidate) => candidate.model.name === whole.model) as ModelOutline;
  const name = `${whole.model} ${whole.kind} ${whole.name}`;
  const known = rows.get(name);
  const missing = group ? lengthOf(group.missing) : 0;
  rows.set(name, {
    model: whole.model,
    name: printGroup(whole),
    kind: whole.kind,
    conditions: Math.max(known?.conditions ?? 0, whole.count),
    units: (known?.units ?? 0) + tally.total,
    stored: (known?.stored ?? 0) + tally.stored,
    batches: (known?.batches ?? 0) + batches,
    seconds: (known?.seconds ?? 0) + (group ? missing * group.seconds : 0),
    bytes: (known?.bytes ?? 0) + missing * unitBytes(whole, outline),
  });
}

/** A plan as a table for people. */
export function planLines(plan: StudyPlan): readonly string[] {
  const header = ['network', 'what', 'conditions', 'cells', 'stored', 'batches', 'time', 'bytes'];
  const body = plan.rows.map((row) => [
    row.model,
    row.name,
    String(row.conditions),
    String(row.units),
    String(row.stored),
    String(row.batches),
    printSeconds(row.seconds),
    printBytes(row.bytes),
  ]);
  const widths = header.map((title, i) => largest([title.length, ...body.map((cells) => (cells[i] as string).length)]));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number)))
      .join('  ')
      .trimEnd();
  return [
    `study ${plan.study} (${plan.id.slice(0, 12)}) on ${plan.numericMode}`,
    line(header),
    ...body.map(line),
    `total: ${plan.units} cells, ${plan.stored} stored, ${plan.batches} batches to run, about ${printSeconds(plan.seconds)} of one process${plan.processes > 1 ? ` (${printSeconds(plan.wallSeconds)} on ${plan.processes})` : ''}, ${printBytes(plan.bytes)}, about ${plan.temporalActions} Temporal actions`,
    ...(plan.adaptive.length > 0
      ? [`at most; results decide, wave by wave, how many images each condition is run on: ${plan.adaptive.join(', ')}`]
      : []),
    ...plan.resolve.map(
      ({ model, name, least, most }) =>
        `at least ${least.units} units and ${printBytes(least.bytes)}, at most ${most.units} and ${printBytes(most.bytes)}, nulls with them; results decide, wave by wave, how many base images are taken: ${model} · ${name}`,
    ),
    ...(plan.later.length > 0
      ? [`planned once the damage that orders or screens them is known: ${plan.later.join(', ')}`]
      : []),
  ];
}
