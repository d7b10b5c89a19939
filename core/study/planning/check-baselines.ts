import { countCorrect } from '../../analysis/damage.js';
import { PercussError } from '../../errors.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { ModelOutline } from '../../plan/outline.js';
import { targetsOf } from '../../plan/target.js';
import { fills } from '../../spec/words/fills.js';
import type { Catalog } from '../catalog.js';
import { CellReader } from '../reading/cell-reader.js';
import { loadProfile } from '../reading/load-model-results.js';
import type { ConditionResult } from '../reading/model-results.js';

/**
 * Refuses to go on with an intact network that is not what its author says it is (a wrong input is the usual cause), whose
 * outputs are not finite, since no damage can be measured against them, or whose fills are not.
 *
 * @throws PercussError EXPECTATION_MISSED with every network that misses something.
 */
export async function checkBaselines(
  ledger: Ledger,
  catalog: Catalog,
  models: readonly ModelOutline[],
  seed: number,
): Promise<void> {
  const misses: string[] = [];
  for (const outline of models) {
    const { expect, name } = outline.model;
    const baseline = await CellReader.intact(ledger, outline, seed);
    if (baseline?.state !== 'ok') continue;
    const unmeasured = unmeasurable(baseline);
    if (unmeasured.length > 0) {
      misses.push(
        `models.${name}: the intact network’s outputs are not finite on ${unmeasured.length} of ${baseline.kl.length} images ` +
          `(of the study’s order, from 0: ${unmeasured.slice(0, 5).join(', ')}${unmeasured.length > 5 ? ', …' : ''}); ` +
          'damage is measured against the intact outputs, so these must be numbers',
      );
      continue;
    }
    const fills = await unknownFills(ledger, outline, seed);
    if (fills) misses.push(`models.${name}: ${fills}`);
    if (!expect) continue;
    const labels: number[] = [];
    for (const { digest } of outline.chunks)
      for (const label of (await catalog.chunk(digest)).labels) labels.push(label);
    const accuracy = countCorrect(baseline.predicted, labels) / labels.length;
    if (Math.abs(accuracy - expect.accuracy) <= expect.within + 1e-9) continue;
    misses.push(
      `models.${name}: the intact network is right on ${percent(accuracy)} of ${labels.length} images, expected ${percent(expect.accuracy)} ± ${percent(expect.within)}`,
    );
  }
  if (misses.length === 0) return;
  throw new PercussError(
    'EXPECTATION_MISSED',
    `${misses.join('\n')}\nNothing was ablated. Check input (divide, mean, std, order), output (kind, class-offset), the images and the weights; then correct the spec or its expect.`,
  );
}

/** Places of the images on which an intact network's outputs are not finite, ascending. */
export function unmeasurable({ kl }: ConditionResult): number[] {
  return Array.from(kl).flatMap((value, image) => (Number.isFinite(value) ? [] : [image]));
}

/** What is wrong with the activations that fills take from the reference images, if an ablation asks for any. */
async function unknownFills(ledger: Ledger, outline: ModelOutline, seed: number): Promise<string | undefined> {
  const filling = outline.ablations.filter(({ spec }) => spec.fill.some((fill) => fills[fill].reference));
  if (filling.length === 0) return undefined;
  const profile = await loadProfile(ledger, outline, seed);
  for (const { spec } of filling) {
    for (const { cuts } of targetsOf(outline.anatomy, spec.unit, spec.layers)) {
      for (const { site, channels } of cuts) {
        const mean = profile?.get(site)?.mean;
        const channel = mean && channels.find((c) => !Number.isFinite(mean[c]));
        if (channel === undefined) continue;
        return (
          `ablation ${spec.name} fills with activations on the reference images, but those of ${site}, channel ${channel}, are not all finite; ` +
          'fill with zero, or give another reference'
        );
      }
    }
  }
  return undefined;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
