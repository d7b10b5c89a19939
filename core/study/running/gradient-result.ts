import { isPercussError } from '../../errors.js';
import { askedGradients, type ModelOutline } from '../../plan/outline.js';
import { kernelGradients, type LabelledImages } from '../../probe/kernel-gradients.js';
import type { Tensor } from '../../tensor.js';
import type { Catalog } from '../catalog.js';
import type { Tapped } from './tapped-networks.js';

type Asked = Pick<Parameters<typeof kernelGradients>[2], 'seed' | 'moments' | 'signal'>;

/** What predictors need of gradients; why there are none, where an operator lets none pass. */
export async function gradientResult(
  model: ModelOutline,
  { network, reference, loaded }: Tapped,
  catalog: Catalog,
  asked: Asked,
): Promise<{ readonly tensors: ReadonlyMap<string, Tensor>; readonly metadata: Readonly<Record<string, string>> }> {
  const { kind, classOffset } = model.model.output;
  const chunks: LabelledImages[] = [];
  for (const chunk of model.referenceChunks) {
    const { images, labels } = await catalog.images(loaded, [chunk]);
    chunks.push({ digest: chunk.digest, images, classes: labels.map((label) => label + classOffset) });
  }
  try {
    const tensors = await kernelGradients(network, chunks, { ...askedGradients(model), kind, reference, ...asked });
    return { tensors, metadata: { kind: 'gradients' } };
  } catch (error) {
    if (!isPercussError(error) || error.code !== 'MODEL_UNSUPPORTED') throw error;
    return { tensors: new Map(), metadata: { kind: 'gradients', refused: error.message } };
  }
}
