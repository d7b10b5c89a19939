import { conditionList, type ModelOutline } from '../../plan/outline.js';
import type { ChunkRef } from '../../spec/resolved-study.js';
import { float32, type Tensor } from '../../tensor.js';
import type { Catalog } from '../catalog.js';
import { predictableOf, Predictions } from '../previewing/predictions.js';
import type { Tapped } from './tapped-networks.js';

/** What an adaptive ablation's conditions are predicted to do to the images of one chunk: `kl`, [conditions × images]. */
export async function predictedChunk(
  outline: ModelOutline,
  ablation: string,
  chunk: ChunkRef,
  tapped: Tapped,
  catalog: Catalog,
  moments: Parameters<typeof Predictions.make>[4],
  options: Parameters<typeof Predictions.make>[5],
): Promise<ReadonlyMap<string, Tensor>> {
  const list = conditionList(outline, ablation);
  const planned = outline.ablations.filter(({ spec }) => spec.name === ablation);
  const { ablations } = predictableOf({ ablations: planned, reference: outline.reference });
  const only = { ...outline, chunks: [chunk] };
  const predictions = await Predictions.make(only, ablations, tapped, catalog, moments, options);
  const kl = new Float32Array(list.length * chunk.images);
  for (let i = 0; i < list.length; i++) kl.set(predictions.kl(list.at(i).condition), i * chunk.images);
  return new Map([['kl', float32([list.length, chunk.images], kl)]]);
}
