import { existsSync } from 'node:fs';
import { messageOf } from '../../core/errors.js';
import { setUpTensorFlow } from '../../infra/setup/tfjs.js';
import { prefixOf, tensorFlowVariants } from '../../infra/setup/tfjs-variant.js';

/**
 * Whether native TensorFlow.js is here. It is set up where it is not, which takes 20 seconds and a download of 207 MB;
 * where that cannot be done, it is said aloud, and what needs it is skipped.
 */
async function present(): Promise<boolean> {
  if (existsSync(prefixOf(tensorFlowVariants.cpu))) return true;
  try {
    await setUpTensorFlow();
    return true;
  } catch (error) {
    console.warn(`skipped: native TensorFlow.js is not here and cannot be set up (${messageOf(error)})`);
    return false;
  }
}

export const hasNativeTensorFlow = await present();
