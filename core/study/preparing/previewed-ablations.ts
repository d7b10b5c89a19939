import { PercussError } from '../../errors.js';
import type { Anatomy } from '../../anatomy/site.js';
import { AdjointProgram } from '../../network/adjoint.js';
import type { Graph } from '../../network/graph.js';
import { fillDraws } from '../../plan/conditions.js';
import { targetsOf } from '../../plan/target.js';
import { LEAST_PREDICTED } from '../../plan/trial.js';
import { linearisedFill } from '../../probe/fill.js';
import { logitsBehind } from '../../probe/linearised-network.js';
import type { AblationSpec } from '../../spec/study-spec.js';
import { ordersByGradients } from '../../spec/words/removal-orders.js';

interface Network {
  readonly spec: { readonly name: string; readonly output: { readonly name: string | undefined } };
  readonly graph: Graph;
  readonly anatomy: Anatomy;
}

/**
 * Of which networks the conditions of adaptive ablations are predicted, where that is asked for: those of which there are enough, and which
 * gradients reach.
 *
 * @returns The ablations with these, and a line for each network that can't be.
 */
export function previewedAblations(
  ablations: readonly AblationSpec[],
  networks: readonly Network[],
): { readonly ablations: readonly AblationSpec[]; readonly notices: readonly string[] } {
  const notices: string[] = [];
  const resolved = ablations.map((ablation): AblationSpec => {
    if (ablation.stop?.by !== 'preview') return ablation;
    const previewed = networks.flatMap((network) => {
      const { name } = network.spec;
      if (!ablation.models.includes(name)) return [];
      const refused = refusalOf(ablation, network);
      if (refused === undefined) return [name];
      notices.push(`ablations.${ablation.name}.stop: ${name} stops by images alone, without a preview: ${refused}`);
      return [];
    });
    return previewed.length === 0 ? ablation : { ...ablation, previewed };
  });
  return { ablations: resolved, notices };
}

/** Why conditions can't be predicted; undefined where they can. */
function refusalOf(ablation: AblationSpec, { spec, graph, anatomy }: Network): string | undefined {
  const targets = targetsOf(anatomy, ablation.unit, ablation.layers);
  const draws = fillDraws(ablation, '');
  const conditions = targets.length * draws.length;
  if (conditions < LEAST_PREDICTED) return `predicting ${conditions} conditions takes longer than it spares`;
  for (const { name, fill } of draws) {
    const how = linearisedFill(fill);
    if (typeof how !== 'object' || 'donors' in how) continue;
    const reason =
      'refused' in how ? how.refused : 'what substitutes are fitted to is not there when predictions are made';
    return `fill ${name}: ${reason}`;
  }
  return gradientRefusal(ablation, { spec, graph, anatomy });
}

/**
 * Refuses an order by gradients of a network which they do not pass.
 * @throws PercussError MODEL_UNSUPPORTED
 */
export function checkOrders(ablations: readonly AblationSpec[], network: Network): void {
  const { name } = network.spec;
  for (const ablation of ablations) {
    if (!ordersByGradients(ablation) || !ablation.models.includes(name)) continue;
    const refused = gradientRefusal(ablation, network);
    if (refused === undefined) continue;
    throw new PercussError(
      'MODEL_UNSUPPORTED',
      `ablations.${ablation.name}.order: ${ablation.order} can't be had for ${name}: ${refused}. Write order: kl, which runs a leave-one-out first, or leave ${name} out of this ablation's models`,
    );
  }
}

/** Why gradients don't reach what an ablation removes; undefined where they do. */
function gradientRefusal({ unit, layers }: AblationSpec, { spec, graph, anatomy }: Network): string | undefined {
  const targets = targetsOf(anatomy, unit, layers);
  const cut = new Set(targets.flatMap(({ cuts }) => cuts.map(({ site }) => site)));
  const wanted = anatomy.sites.flatMap(({ name, value }) => (cut.has(name) ? [value] : []));
  const read = graph.outputs.find((name) => name === spec.output.name) ?? graph.outputs.at(-1);
  if (read === undefined) return undefined;
  const output = logitsBehind(graph, read);
  try {
    void new AdjointProgram({ graph, output, wanted, cotangents: 1 }, () => undefined);
    return undefined;
  } catch (error) {
    if (error instanceof PercussError && error.code === 'MODEL_UNSUPPORTED') return error.message;
    throw error;
  }
}
