import { parseArgs } from 'node:util';
import './flags.js';
import { coverage, methods, scenarios } from './simulated-trainings.js';

/** How often intervals of a difference between architectures of some trainings hold what is true; `only`: of scenarios whose name holds it. */
const { values: flags } = parseArgs({
  options: {
    trainings: { type: 'string', default: '2,3,5' },
    images: { type: 'string', default: '500' },
    repeats: { type: 'string', default: '1000' },
    only: { type: 'string', default: '' },
  },
});

const row = (cells: readonly string[]): void => void process.stdout.write(`| ${cells.join(' | ')} |\n`);
const names = Object.keys(methods);
row(['values of an image', 'trainings', ...names, 'mean of one']);
row(['---', '---', ...names.map(() => '---'), '---']);
for (const scenario of scenarios.filter(({ name }) => name.includes(flags.only))) {
  for (const trainings of flags.trainings.split(',')) {
    const { held, mean } = coverage(scenario, Number(trainings), Number(flags.images), Number(flags.repeats));
    row([scenario.name, trainings, ...[...held, mean].map((share) => share.toFixed(3))]);
  }
}
