import { expect, test } from 'vitest';
import { poolOf } from '../../core/probe/kernel-pool.js';
import { gatherMoments, type Moments } from '../../core/probe/moments.js';
import { momentsProblem, momentTensors, readMoments, withChoices } from '../../core/probe/site-substitutes.js';
import { fills, type SubstituteFill } from '../../core/spec/words/fills.js';
import type { Tensor } from '../../core/tensor.js';
import { smallGraph } from '../plan/outlines.js';
import { seededImages, tapSmall } from './small-tap.js';

const fill = { ...(fills.substitute.of('r'.repeat(64), 0) as SubstituteFill), pool: 4 };

test('moments are read as they were stored, and nothing else is taken for moments', async () => {
  const network = await tapSmall(smallGraph());
  const pool = poolOf(network.anatomy, { site: network.anatomy.sites[1]?.name as string, fill });
  const [moments] = (await gatherMoments(network, seededImages(9, 3, 8), [pool], fill.folds)) as [Moments];
  const made = withChoices(moments, pool, fill);
  const tensors = momentTensors(made, pool, fill);
  expect(momentsProblem(tensors, pool, fill)).toBeUndefined();
  expect(readMoments(tensors, pool, fill)).toEqual(made);
  const changed = (name: string, change: (tensor: Tensor) => Tensor | undefined): ReadonlyMap<string, Tensor> => {
    const other = new Map(tensors);
    const own = change(other.get(name) as Tensor);
    other.delete(name);
    return own ? other.set(name, own) : other;
  };
  for (const name of tensors.keys()) {
    expect(
      momentsProblem(
        changed(name, () => undefined),
        pool,
        fill,
      ),
    ).toBe(`it lacks ${name}`);
    const wrong = `${name} has another type or shape than belongs there`;
    expect(
      momentsProblem(
        changed(name, (own) => ({ ...own, dtype: 'uint8' })),
        pool,
        fill,
      ),
    ).toBe(wrong);
    expect(
      momentsProblem(
        changed(name, (own) => ({ ...own, shape: [...own.shape, 1] })),
        pool,
        fill,
      ),
    ).toBe(wrong);
  }
  for (const choice of [-1, fill.penalties.length + 1]) {
    const stray = changed('alone', (own) => ({ ...own, data: Int32Array.from(own.data as Int32Array).fill(choice) }));
    expect(momentsProblem(stray, pool, fill)).toBe('it names penalties that there are none of');
  }
});
