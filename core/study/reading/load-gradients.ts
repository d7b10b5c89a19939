import type { KernelGradients } from '../../analysis/kernel-measures.js';
import type { Ledger } from '../../ledger/ledger.js';
import { SEMANTICS } from '../../plan/identity.js';
import { unitKey, type ModelOutline } from '../../plan/outline.js';
import { gradientTensors } from '../../probe/kernel-gradients.js';
import { comparedFill } from '../../spec/words/estimands.js';
import type { GradientsRead } from './model-results.js';
import { gradientsProblem } from './sound-results.js';

/** What gradients say about the kernels of a network; undefined where that was not asked for, or is not stored. */
export async function loadGradients(
  ledger: Ledger,
  outline: ModelOutline,
  seed: number,
): Promise<GradientsRead | undefined> {
  if (!outline.gradients) return undefined;
  const { sites, fills } = outline.gradients;
  const unit = { kind: 'gradients', model: outline.model.name, name: '', chunk: -1 } as const;
  const asked = outline.anatomy.sites.filter(({ name }) => sites.includes(name));
  const scope = { ...outline.scope, semantics: SEMANTICS };
  const stored = await ledger.readResult(scope, unitKey(outline, seed, unit, 0), {
    check: (result) => gradientsProblem(result, asked),
  });
  if (!stored) return undefined;
  const names = [...new Set(fills.map(({ name }) => name))];
  const numberOf = (tensor: string, channel: number): number | undefined => {
    const found = stored.tensors.get(tensor)?.data[channel];
    return found === undefined ? undefined : Number(found);
  };
  return {
    refused: stored.metadata['refused'],
    of(site, channel): KernelGradients | undefined {
      if (!sites.includes(site) || stored.tensors.size === 0) return undefined;
      return {
        activation: numberOf(gradientTensors.activation(site), channel),
        fisher: numberOf(gradientTensors.fisher(site), channel),
        taylor: numberOf(gradientTensors.taylor(site), channel),
        damage: numberOf(gradientTensors.linearised(comparedFill, site), channel),
        linearised: new Map(
          names.flatMap((fill) => {
            const value = numberOf(gradientTensors.linearised(fill, site), channel);
            return value === undefined ? [] : [[fill, value] as const];
          }),
        ),
      };
    },
  };
}
