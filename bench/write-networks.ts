import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { graphCost } from '../core/network/cost.js';
import { emitOnnx } from '../core/network/emit-onnx.js';
import { mistake } from './flags.js';
import { architectures, isArchitecture, randomNetwork } from './random-networks.js';

/** The large networks of the benches as ONNX files, for other programs. */
const { values: flags } = parseArgs({
  options: {
    out: { type: 'string' },
    models: { type: 'string', default: Object.keys(architectures).join() },
    seed: { type: 'string', default: '7' },
  },
});

if (flags.out === undefined) throw mistake('--out names the folder to write to');
await mkdir(flags.out, { recursive: true });
for (const name of flags.models.split(',')) {
  if (!isArchitecture(name))
    throw mistake(`--models has no ${name}; it takes ${Object.keys(architectures).join(', ')}`);
  const graph = randomNetwork(name, Number(flags.seed));
  const { parameters, macs } = graphCost(graph);
  const bytes = emitOnnx(graph);
  await writeFile(path.join(flags.out, `${name}.onnx`), bytes);
  process.stdout.write(
    `${name}.onnx: ${parameters} parameters, ${(macs / 1e9).toFixed(2)} GMAC an image, ${(bytes.length / 1e6).toFixed(0)} MB\n`,
  );
}
