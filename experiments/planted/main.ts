import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { writeImages } from '../zoo/images.js';
import { networksDocument, suiteDocument } from './document.js';
import { plantedNetworks, plantedSuite, sizes, type Size } from './suite.js';

/** Parts of the suite, each with a place of its own in a page. */
const parts = {
  kernels: {
    opening: '<!-- made by npm run planted -->\n',
    closing: '<!-- end: planted -->',
    make: async (size: Size): Promise<string> => suiteDocument(await plantedSuite(size)),
  },
  networks: {
    opening: '<!-- networks, made by npm run planted -->\n',
    closing: '<!-- end: planted networks -->',
    make: async (size: Size): Promise<string> => networksDocument(await plantedNetworks(size)),
  },
} as const;

/**
 * Prints what every measure gives every kind of planted kernel, network and block (design §2, 'Planted truth'); `--write FILE` puts it into
 * a page, too; `--only kernels` or `networks`: one part.
 */
const { values } = parseArgs({
  options: {
    small: { type: 'boolean', default: false },
    write: { type: 'string' },
    only: { type: 'string' },
  },
});
const size = values.small ? sizes.small : sizes.whole;
const asked = Object.entries(parts).filter(([name]) => values.only === undefined || values.only === name);
if (asked.length === 0) throw new Error(`--only ${values.only}: there are ${Object.keys(parts).join(' and ')}`);

writeImages();
for (const [, { opening, closing, make }] of asked) {
  const made = await make(size);
  process.stdout.write(`${made}\n`);
  if (values.write === undefined) continue;
  const page = readFileSync(values.write, 'utf8');
  const [from, to] = [page.indexOf(opening), page.indexOf(closing)];
  if (from < 0 || to < from) throw new Error(`${values.write} has no place for what is made: ${opening}${closing}`);
  writeFileSync(values.write, `${page.slice(0, from)}${opening}\n${made}\n\n${page.slice(to)}`);
}
