import { randomStream } from '../random.js';
import type { AblationSpec } from '../spec/study-spec.js';
import { spreads, type Spread } from '../spec/words/spreads.js';
import { countOf, type Removal, type RemovalContext, type RemovalList } from './removal.js';
import type { Target } from './target.js';

/**
 * Draws depend on seed, unit, fraction and trial only, so more fractions or trials leave the earlier ones as they were.
 * `one-layer` and `matched` of one (fraction, trial) share a match id and a size.
 *
 * In order spread by spread; within one that draws from one layer by layer in topological order, then by fraction and trial, so
 * that consecutive conditions, which a batch is made of, have their first cut in common. The layer of every (fraction, trial)
 * is known without drawing what is removed of it. Where the others begin is not: that takes the whole draw
 * of each, so these stand by fraction and trial; they begin alike less often anyway.
 */
export function randomRemovals(ablation: AblationSpec, { targets, seed }: RemovalContext): RemovalList {
  const { fractions, spread: asked, trials, unit } = ablation;
  const layers = [...new Set(targets.map((target) => target.group))];
  const memberOf = new Map(layers.map((layer) => [layer, targets.filter((target) => target.group === layer)]));
  const orders = fractions.map((fraction) => randomStream(seed, 'random', unit, 'layers', fraction).shuffled(layers));
  const byDepth = placesByDepth(layers, orders, trials);
  const pick = (from: readonly Target[], count: number, ...purpose: (string | number)[]): Target[] =>
    randomStream(seed, 'random', unit, ...purpose)
      .sample(Math.min(count, from.length), from.length)
      .map((i) => from[i] as Target);
  const at = (index: number): Removal => {
    const spread = asked[Math.floor(index / byDepth.length)] as Spread;
    const { from, shareOf } = spreads[spread];
    const listed = index % byDepth.length;
    const place = from === 'layer' ? (byDepth[listed] as number) : listed;
    const which = Math.floor(place / trials);
    const fraction = fractions[which] as number;
    const trial = place % trials;
    const order = orders[which] as readonly string[];
    const layer = memberOf.get(order[trial % order.length] as string) as readonly Target[];
    const drawnFrom = { layer, selection: targets };
    const count = countOf(fraction, drawnFrom[shareOf].length);
    let drawn: readonly Target[] | undefined;
    return {
      of: targets.length,
      fraction,
      trial,
      spread,
      ...(shareOf === 'layer' ? { match: `${fraction}/${trial}` } : {}),
      // Whoever counts or groups a million conditions draws none.
      get targets() {
        return (drawn ??= pick(drawnFrom[from], count, spread, fraction, trial));
      },
    };
  };
  return { length: asked.length * byDepth.length, at };
}

/**
 * Places fraction · trials + trial, by the layer that is drawn from there, then ascending. Layers have their turns in the
 * order of each fraction, over and over.
 */
function placesByDepth(layers: readonly string[], orders: readonly (readonly string[])[], trials: number): Uint32Array {
  const places = new Uint32Array(layers.length === 0 ? 0 : orders.length * trials);
  let next = 0;
  for (const layer of layers) {
    for (const [fraction, order] of orders.entries()) {
      for (let trial = order.indexOf(layer); trial < trials; trial += order.length) {
        places[next++] = fraction * trials + trial;
      }
    }
  }
  return places;
}
