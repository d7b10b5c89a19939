import type { Tensor } from '../tensor.js';
import { variablesOf, type KernelPool } from './kernel-pool.js';
import type { Moments } from './moments.js';
import { SubstituteFit, type PenaltyChoice, type Removal, type Substitute } from './substitute-fit.js';
import type { SubstituteFill } from '../spec/words/fills.js';

/** What is stored of a site for substitutes: its moments, and for each channel the penalty that it is told with alone. */
export interface SiteMoments {
  readonly moments: Moments;
  readonly alone: readonly PenaltyChoice[];
}

/** Moments with the penalty of each channel of the target that is removed alone. */
export function withChoices(moments: Moments, pool: KernelPool, { penalties }: SubstituteFill): SiteMoments {
  const singles = variablesOf(pool).map((_, channel) => removalOf(pool, [channel]));
  const alone = new SubstituteFit(moments, penalties).choose(singles).map(([choice]) => choice as PenaltyChoice);
  return { moments, alone };
}

/**
 * The substitutes of sets of channels of a site, in their order. Channels that are removed together tell nothing of each other, and
 * have their penalties chosen anew; single ones have theirs from the store.
 */
export function substitutesOf(
  { moments, alone }: SiteMoments,
  pool: KernelPool,
  { penalties }: SubstituteFill,
  sets: readonly (readonly number[])[],
): readonly Substitute[] {
  const fit = new SubstituteFit(moments, penalties);
  const removals = sets.map((channels) => removalOf(pool, channels));
  const open = removals.filter(({ targets }) => targets.length > 1);
  const chosen = open.length > 0 ? fit.choose(open) : [];
  const choices = removals.map((removal, i) => {
    const at = open.indexOf(removal);
    return at < 0
      ? (sets[i] as readonly number[]).map((channel) => alone[channel] as PenaltyChoice)
      : (chosen[at] as readonly PenaltyChoice[]);
  });
  return fit.solve(removals, choices);
}

function removalOf(pool: KernelPool, channels: readonly number[]): Removal {
  const variables = variablesOf(pool);
  const targets = channels.map((channel) => variables[channel] as number);
  return { targets, removed: targets.filter((variable) => variable < pool.kernels.length) };
}

const names = ['products', 'cross', 'squares', 'sums', 'counts', 'means'] as const;

/** Shapes of what is stored, by name. */
function shapesOf({ kernels, others, target }: KernelPool, { folds }: SubstituteFill) {
  const [pool, variables] = [kernels.length, kernels.length + others.length];
  return {
    products: [folds, pool, pool],
    cross: [folds, pool, others.length],
    squares: [folds, variables],
    sums: [folds, variables],
    counts: [folds],
    means: [variables],
    alone: [target.channels],
  };
}

/** As tensors by name, in which moments are stored. */
export function momentTensors(
  { moments, alone }: SiteMoments,
  pool: KernelPool,
  fill: SubstituteFill,
): ReadonlyMap<string, Tensor> {
  const shapes = shapesOf(pool, fill);
  const tensors = new Map<string, Tensor>(
    names.map((name) => [name, { dtype: 'float64', shape: shapes[name], data: moments[name] }]),
  );
  return tensors.set('alone', { dtype: 'int32', shape: shapes.alone, data: Int32Array.from(alone) });
}

/** What is wrong with stored moments; undefined if nothing is. */
export function momentsProblem(
  tensors: ReadonlyMap<string, Tensor>,
  pool: KernelPool,
  fill: SubstituteFill,
): string | undefined {
  for (const [name, shape] of Object.entries(shapesOf(pool, fill))) {
    const found = tensors.get(name);
    if (found === undefined) return `it lacks ${name}`;
    if (found.dtype !== (name === 'alone' ? 'int32' : 'float64') || found.shape.join() !== shape.join())
      return `${name} has another type or shape than belongs there`;
  }
  const alone = tensors.get('alone')?.data as Int32Array;
  const known = alone.every((choice) => choice >= 0 && choice <= fill.penalties.length);
  return known ? undefined : 'it names penalties that there are none of';
}

/** Stored moments, which have no problem. */
export function readMoments(
  tensors: ReadonlyMap<string, Tensor>,
  { kernels, others }: KernelPool,
  { folds }: SubstituteFill,
): SiteMoments {
  const floats = (name: (typeof names)[number]): Float64Array => tensors.get(name)?.data as Float64Array;
  const moments: Moments = {
    folds,
    pool: kernels.length,
    others: others.length,
    products: floats('products'),
    cross: floats('cross'),
    squares: floats('squares'),
    sums: floats('sums'),
    counts: floats('counts'),
    means: floats('means'),
  };
  return { moments, alone: Array.from(tensors.get('alone')?.data as Int32Array) };
}
