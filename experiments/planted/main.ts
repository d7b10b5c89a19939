import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { writeImages } from '../zoo/images.js';
import { suiteDocument } from './document.js';
import { plantedSuite, sizes } from './suite.js';

/** Prints what every measure gives every kind of planted kernel (design §2, 'Planted truth'); `--write FILE` puts it into a page, too. */
const { values } = parseArgs({
  options: { small: { type: 'boolean', default: false }, write: { type: 'string' } },
});
const [opening, closing] = ['<!-- made by npm run planted -->\n', '<!-- end: planted -->'];

writeImages();
const made = suiteDocument(await plantedSuite(values.small ? sizes.small : sizes.whole));
process.stdout.write(`${made}\n`);
if (values.write !== undefined) {
  const page = readFileSync(values.write, 'utf8');
  const [from, to] = [page.indexOf(opening), page.indexOf(closing)];
  if (from < 0 || to < from) throw new Error(`${values.write} has no place for what is made: ${opening}${closing}`);
  writeFileSync(values.write, `${page.slice(0, from)}${opening}\n${made}\n\n${page.slice(to)}`);
}
