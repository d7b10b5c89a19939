import { parseArgs } from 'node:util';
import './flags.js';
import { coverage, scenarios } from './simulated-quadruples.js';

/** How often the interval of the contrast of quadruples holds what is true, on made-up networks; `only`: of scenarios whose name holds it. */
const { values: flags } = parseArgs({
  options: {
    layers: { type: 'string', default: '9,12,19,55' },
    kernels: { type: 'string', default: '16' },
    images: { type: 'string', default: '20' },
    budget: { type: 'string', default: '200' },
    repeats: { type: 'string', default: '1000' },
    only: { type: 'string', default: '' },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const row = (cells: readonly string[]): void => say(`| ${cells.join(' | ')} |`);
const sizes = flags.layers.split(',').map(Number);
row(['excess of pairs', 'contrast', ...sizes.map((layers) => `${layers} layers`)]);
row(['---', '---', ...sizes.map(() => '---')]);
for (const scenario of scenarios.filter(({ name }) => name.includes(flags.only))) {
  const { name, effect, cancelled } = scenario;
  const shares = sizes.map((layers) => {
    const world = { layers, kernels: Number(flags.kernels), images: Number(flags.images) };
    const { held, above, below } = coverage(scenario, world, Number(flags.budget), Number(flags.repeats));
    const found = effect > 0 ? `; above 0: ${above.toFixed(3)}` : effect < 0 ? `; below 0: ${below.toFixed(3)}` : '';
    return `${held.toFixed(3)}${found}`;
  });
  row([name, cancelled ? String(effect).replace('-', '−') : 'not cancelled', ...shares]);
}
