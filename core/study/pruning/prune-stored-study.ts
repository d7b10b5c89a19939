import type { Engine } from '../../engine/engine.js';
import { PercussError } from '../../errors.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { NumericMode } from '../../numeric-mode.js';
import type { Provenance } from '../../probe/cell.js';
import type { MomentsSource } from '../../probe/substituting.js';
import type { Progress } from '../../progress.js';
import type { StudyRef } from '../../spec/resolved-study.js';
import type { Catalog } from '../catalog.js';
import { adoptedScores } from '../planning/decisions.js';
import { CellReader } from '../reading/cell-reader.js';
import { loadModelResults } from '../reading/load-model-results.js';
import { loadOutlines } from '../reading/outlines.js';
import { StoredMoments } from '../running/stored-moments.js';
import { TappedNetworks } from '../running/tapped-networks.js';
import { percussVersion } from '../version.js';
import { damageBeside } from './damage-beside.js';
import type { PruningFill } from './kernel-choice.js';
import { pruneStudy, type PrunedNetwork, type PruningGoal } from './prune-study.js';

export interface StoredPruning {
  readonly model: string;
  readonly fill: PruningFill;
  readonly goal: PruningGoal;
  readonly stages: number;
  /** Runs the networks whose sizes and accuracies are told. */
  readonly engine: Engine;
  /** Opens the engine that cells of the study's mode come from, where stages need it. */
  readonly open: (mode: NumericMode) => Promise<Engine>;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/**
 * Makes a network of a stored study smaller: `pruneStudy` on its results and images.
 * @throws PercussError as `pruneStudy`; NOT_FOUND where the intact network was not run on all images.
 */
export async function pruneStoredStudy(
  ledger: Ledger,
  catalog: Catalog,
  ref: StudyRef,
  { model, fill, goal, stages, engine, open, ...following }: StoredPruning,
): Promise<PrunedNetwork> {
  const { study, models } = await loadOutlines(ledger, catalog, ref, { scores: await adoptedScores(ledger, ref) }, [
    model,
  ]);
  const outline = models[0] as (typeof models)[number];
  const loaded = await catalog.model(outline.model);
  const cells = await CellReader.open(ledger, outline, study.seed);
  const engines: Engine[] = [];
  const networks = new TappedNetworks(catalog, async (mode) => {
    const opened = await open(mode);
    engines.push(opened);
    return opened;
  });
  const provenance = async (): Promise<Provenance> => {
    await networks.open(outline, 'intact', study.seed);
    return { ...(engines.at(-1) as Engine).provenance, percuss: percussVersion };
  };
  const stored = new StoredMoments(ledger, networks);
  const moments: MomentsSource = (substitution) => stored.of(outline, substitution, provenance());
  try {
    const results = await loadModelResults(ledger, catalog, outline, study.seed, cells);
    if (!results) {
      throw new PercussError(
        'NOT_FOUND',
        `${model} of ${study.study} was not run on all its images: run the study first`,
      );
    }
    return await pruneStudy({
      results,
      images: async function* () {
        for (const chunk of outline.chunks) yield (await catalog.images(loaded, [chunk])).images;
      },
      output: loaded.output,
      engine,
      fill,
      moments,
      goal,
      staging: {
        stages,
        beside: async (gone, candidates) => {
          const tapped = await networks.open(outline, 'intact', study.seed);
          const of = { outline, tapped, provenance: await provenance(), fill, moments };
          const context = { ledger, catalog, ...of, ...following };
          return damageBeside(context, gone, candidates);
        },
      },
    });
  } finally {
    cells.close();
    await networks.close();
    for (const opened of engines) await opened.close();
  }
}
