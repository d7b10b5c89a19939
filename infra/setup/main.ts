import { parseArgs } from 'node:util';
import { messageOf } from '../../core/errors.js';
import { setUpTensorFlow } from './tfjs.js';

const started = Date.now();
try {
  const { values } = parseArgs({ options: { gpu: { type: 'boolean', default: false } } });
  const prefix = await setUpTensorFlow({
    device: values.gpu ? 'cuda' : 'cpu',
    onProgress: (line) => process.stdout.write(`${line}\n`),
  });
  const seconds = Math.round((Date.now() - started) / 1000);
  process.stdout.write(`Native TensorFlow.js works, in ${prefix} (${seconds} s)\n`);
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
