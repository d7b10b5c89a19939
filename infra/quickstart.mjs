// Plain Node without any dependency: the first command that a newcomer types.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join('percuss-out', 'demo');

/** Runs one of our scripts in the foreground and hands on its exit code if it fails, or the signal that ended it. */
function step(args) {
  const { status, signal } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status === 0) return;
  process.exit(status ?? (signal === 'SIGINT' ? 130 : 1));
}

// Ctrl-C goes to the whole foreground group: the child ends in its own time and says how to go on.
process.on('SIGINT', () => undefined);
step([join('infra', 'bootstrap.mjs')]);
step([join('dist', 'experiments', 'zoo', 'images.js')]);
step([join('dist', 'cli', 'main.js'), 'run', join('experiments', 'demo.yaml'), '--out', out, ...process.argv.slice(2)]);

const report = join(out, 'report.html');
if (!existsSync(join(root, report))) {
  process.stderr.write(`The study ended without a report at ${report}: please report this.\n`);
  process.exit(1);
}
process.stdout.write(`
Open the report in a browser:   ${report}

What to try next
  npx percuss inspect experiments/zoo/residual/model.json
      layers, sites and kernels of a network
  npx percuss query ${out} "SELECT model, accuracy, robustness_area, sr FROM models"
      the tables, in SQL
  npx percuss plan experiments/demo.yaml
      what a study costs, and what of it is stored already
  npx percuss preview experiments/demo.yaml
      what gradients say that every lesion would do: before a study is run, in seconds
  npm run quickstart
      once more: nothing is computed twice
Then edit a copy of experiments/demo.yaml: your own networks (.onnx, Keras .h5 or .keras, TensorFlow.js model.json) and images.
`);
