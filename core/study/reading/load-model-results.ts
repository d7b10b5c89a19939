import type { Ledger } from '../../ledger/ledger.js';
import type { StoredResult } from '../../ledger/response-shelf.js';
import { nodeCosts } from '../../network/cost.js';
import { SEMANTICS } from '../../plan/identity.js';
import { unitKey, unorderedConditions, type ModelOutline } from '../../plan/outline.js';
import type { Tensor } from '../../tensor.js';
import { loadGradients } from './load-gradients.js';
import type { Catalog } from '../catalog.js';
import { loadAblationPreview, type AblationPreview } from './ablation-preview.js';
import type { CellReader } from './cell-reader.js';
import { MeasuredConditions } from './measured-conditions.js';
import type { AblationResult, ModelResults, ResponseResultRead, SiteProfile } from './model-results.js';
import { impulsesIn, profileProblem, responseProblem } from './sound-results.js';

/**
 * What one network has in the store: its cells, which are read when a condition is asked for and as long as the reader is open, responses and
 * profile. Undefined where the intact network has not been run on all images, since nothing can be said of a damage then.
 */
export async function loadModelResults(
  ledger: Ledger,
  catalog: Catalog,
  outline: ModelOutline,
  seed: number,
  cells: CellReader,
): Promise<ModelResults | undefined> {
  const loaded = await catalog.model(outline.model);
  const { labels } = await catalog.images(loaded, outline.chunks);
  const baseline = cells.condition('baseline', '', 0);
  if (baseline?.state !== 'ok') return undefined;
  const previews = new Map<string, AblationPreview>();
  for (const planned of outline.ablations) {
    const preview = planned.list && (await loadAblationPreview(ledger, outline, seed, planned));
    if (preview) previews.set(planned.spec.name, preview);
  }
  const ablations = outline.ablations.map(({ spec, list }): AblationResult => ({
    name: spec.name,
    mode: spec.mode,
    unit: spec.unit,
    ...(spec.stop ? { stop: spec.stop } : {}),
    ...(previews.has(spec.name) ? { preview: previews.get(spec.name) as AblationPreview } : {}),
    ...(list
      ? { conditions: cells.conditions(spec.name, list) }
      : {
          unordered: true,
          conditions: new MeasuredConditions(unorderedConditions(outline, spec, seed), () => undefined),
        }),
  }));
  const costs = nodeCosts(loaded.graph);
  return {
    outline,
    graph: loaded.graph,
    labels,
    baseline,
    ablations,
    responses: await loadResponses(ledger, outline, seed),
    profile: await loadProfile(ledger, outline, seed),
    gradients: await loadGradients(ledger, outline, seed),
    parameters: [...costs.values()].reduce((sum, cost) => sum + cost.parameters, 0),
    macs: [...costs.values()].reduce((sum, cost) => sum + cost.macs, 0),
    cost: costs,
  };
}

/** Responses of the intact network to each set of impulses, or to the one named. */
export async function loadResponses(
  ledger: Ledger,
  outline: ModelOutline,
  seed: number,
  only?: string,
): Promise<ModelResults['responses']> {
  const scope = { ...outline.scope, semantics: SEMANTICS };
  const result: { name: string; groups: ResponseResultRead[] }[] = [];
  for (const { spec, groups } of outline.impulses) {
    if (only !== undefined && spec.name !== only) continue;
    const read: ResponseResultRead[] = [];
    for (const [index, group] of groups.entries()) {
      const unit = { kind: 'responses', model: outline.model.name, name: spec.name, chunk: -1 } as const;
      const recorded = outline.anatomy.sites.filter((site) => group.record.includes(site.name));
      const check = (result: StoredResult): string | undefined => responseProblem(result, recorded);
      const stored = await ledger.readResult(scope, unitKey(outline, seed, unit, index), { check });
      if (!stored) continue;
      const impulses = impulsesIn(stored.metadata) ?? [];
      read.push({ group, impulses, tensors: stored.tensors, object: stored.object });
    }
    result.push({ name: spec.name, groups: read });
  }
  return result;
}

/** The profile of a network, checked; undefined where it is not stored yet. */
async function readProfile(ledger: Ledger, outline: ModelOutline, seed: number): Promise<StoredResult | undefined> {
  const unit = { kind: 'profile', model: outline.model.name, name: '', chunk: -1 } as const;
  const check = (result: StoredResult): string | undefined => profileProblem(result, outline.anatomy.sites);
  const scope = { ...outline.scope, semantics: SEMANTICS };
  return ledger.readResult(scope, unitKey(outline, seed, unit, 0), { check });
}

/** Channel statistics over the reference images; undefined where they are not stored yet. */
export async function loadProfile(
  ledger: Ledger,
  outline: ModelOutline,
  seed: number,
): Promise<ReadonlyMap<string, SiteProfile> | undefined> {
  const stored = await readProfile(ledger, outline, seed);
  if (!stored) return undefined;
  const floats = (name: string): Float64Array => (stored.tensors.get(name) as Tensor<'float64'>).data;
  return new Map(
    outline.anatomy.sites
      .filter((site) => stored.tensors.has(`mean/${site.name}`))
      .map((site) => [site.name, { mean: floats(`mean/${site.name}`), std: floats(`std/${site.name}`) }]),
  );
}

/** What the intact network predicts on its reference images, in their order; undefined where that is not stored. */
export async function loadReferencePredictions(
  ledger: Ledger,
  outline: ModelOutline,
  seed: number,
): Promise<Uint16Array | undefined> {
  const unit = { kind: 'profile', model: outline.model.name, name: '', chunk: -1 } as const;
  const scope = { ...outline.scope, semantics: SEMANTICS };
  const stored = await ledger.readResult(scope, unitKey(outline, seed, unit, 0));
  const images = outline.referenceChunks.reduce((sum, chunk) => sum + chunk.images, 0);
  const found = stored?.tensors.get('predicted');
  return found?.data instanceof Uint16Array && found.data.length === images ? found.data : undefined;
}

/** Inner products of the activations of every two examples, by site; none where they are not stored. */
export async function loadExamples(
  ledger: Ledger,
  outline: ModelOutline,
  seed: number,
): Promise<ReadonlyMap<string, Float64Array>> {
  const stored = await readProfile(ledger, outline, seed);
  return new Map(
    outline.anatomy.sites.flatMap(({ name }) => {
      const gram = stored?.tensors.get(`examples/${name}`);
      return gram?.data instanceof Float64Array ? [[name, gram.data] as const] : [];
    }),
  );
}
