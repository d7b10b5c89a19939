import { largest } from '../../extremes.js';
import { z } from 'zod';
import type { StoredResult } from '../../ledger/response-shelf.js';
import type { Site } from '../../anatomy/site.js';
import type { NullGroup } from '../../plan/null-groups.js';
import type { ImpulseRecord } from '../../probe/gathering.js';
import { featuresOf } from '../../probe/null-signatures.js';
import { countOf } from '../../probe/sparse.js';
import type { DType } from '../../tensor.js';

const count = z.number().int().min(0);
const impulse = z.object({
  channel: count,
  row: count,
  column: count,
  amplitude: z.number(),
  pair: z.number().int().min(-1),
});

/** The impulses that stored responses are of; undefined where their list is none. */
export function impulsesIn(metadata: StoredResult['metadata']): readonly ImpulseRecord[] | undefined {
  try {
    return z.array(impulse).parse(JSON.parse(metadata['impulses'] ?? '[]'));
  } catch {
    return undefined;
  }
}

/** What is wrong with stored responses to a group of impulses, beyond their name and bytes; undefined if nothing is. */
export function responseProblem(stored: StoredResult, recorded: readonly Site[]): string | undefined {
  const impulses = impulsesIn(stored.metadata);
  if (impulses === undefined) return 'its list of impulses is damaged';
  const pairs = largest([-1, ...impulses.map(({ pair }) => pair)]) + 1;
  if (pairs > impulses.length) return 'its impulses name pairs that it does not have';
  for (const { name, channels, shape } of recorded) {
    const wrong =
      misshapen(stored, `norm/${name}`, 'float32', [impulses.length, channels]) ??
      misshapen(stored, `crop/${name}`, 'int32', [impulses.length, 4]) ??
      (pairs === 0
        ? undefined
        : (misshapen(stored, `odd/${name}`, 'float32', [pairs, channels]) ??
          misshapen(stored, `even/${name}`, 'float32', [pairs, channels]) ??
          misshapen(stored, `oddness/${name}`, 'float32', [pairs]) ??
          misshapen(stored, `signature/${name}`, 'float32', [channels, undefined]))) ??
      strayCrop(stored, name, channels, shape);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** What is wrong with stored signatures of a null; undefined if nothing is. */
export function nullProblem(stored: StoredResult, group: NullGroup, recorded: readonly Site[]): string | undefined {
  const features = featuresOf(group, recorded);
  for (const { name, channels } of recorded) {
    const bytes = Math.ceil((group.bases.length * channels * features) / 8);
    const wrong = misshapen(stored, `mask/${name}`, 'uint8', [bytes]);
    if (wrong !== undefined) return wrong;
    const count = countOf(stored.tensors.get(`mask/${name}`)?.data as Uint8Array);
    const fewer = misshapen(stored, `values/${name}`, 'float32', [count]);
    if (fewer !== undefined) return fewer;
  }
  return undefined;
}

/** What is wrong with a stored profile; undefined if nothing is. Sites that it lacks had no statistics. */
export function profileProblem(stored: StoredResult, sites: readonly Site[]): string | undefined {
  for (const { name, channels } of sites.filter((site) => stored.tensors.has(`mean/${site.name}`))) {
    const wrong =
      misshapen(stored, `mean/${name}`, 'float64', [channels]) ??
      misshapen(stored, `std/${name}`, 'float64', [channels]) ??
      (stored.tensors.has(`examples/${name}`)
        ? misshapen(stored, `examples/${name}`, 'float64', [undefined])
        : undefined);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** What is wrong with what gradients left of kernels; undefined if nothing is. Where none pass there are no numbers. */
export function gradientsProblem(stored: StoredResult, sites: readonly Site[]): string | undefined {
  for (const { name, channels } of sites) {
    const held = [...stored.tensors.keys()].filter((tensor) => tensor.endsWith(`/${name}`));
    for (const tensor of held) {
      const wrong = misshapen(stored, tensor, 'float64', [channels]);
      if (wrong !== undefined) return wrong;
    }
  }
  return undefined;
}

/** Undefined sizes may be any. */
function misshapen(
  { tensors }: StoredResult,
  name: string,
  dtype: DType,
  shape: readonly (number | undefined)[],
): string | undefined {
  const found = tensors.get(name);
  if (found === undefined) return `it lacks ${name}`;
  const fits =
    found.dtype === dtype &&
    found.shape.length === shape.length &&
    shape.every((size, axis) => size === undefined || size === found.shape[axis]);
  return fits ? undefined : `${name} has another type or shape than belongs there`;
}

/** Crops lie in their maps, and the responses that are kept have the size of their crops. */
function strayCrop(
  { tensors }: StoredResult,
  site: string,
  channels: number,
  [, height = 1, width = 1]: readonly number[],
): string | undefined {
  const crops = tensors.get(`crop/${site}`)?.data as Int32Array;
  for (let i = 0; i < crops.length / 4; i++) {
    const [top = 0, left = 0, h = 0, w = 0] = crops.subarray(4 * i, 4 * i + 4);
    if (Math.min(top, left, h, w) < 0 || top + h > height || left + w > width) return `crop/${site} leaves the map`;
    const kept = tensors.get(`response/${site}/${i}`);
    if (kept && (kept.dtype !== 'float32' || kept.shape.join() !== [channels, h, w].join())) {
      return `response/${site}/${i} has another type or shape than its crop`;
    }
  }
  return undefined;
}
