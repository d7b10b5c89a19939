import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { Ledger } from '../../core/ledger/ledger.js';
import { memoryStore } from '../../core/store/memory-store.js';
import { Catalog } from '../../core/study/catalog.js';
import { planLines, planOf } from '../../core/study/planning/plan-report.js';
import { proposedMode } from '../../core/study/preparing/choose-mode.js';
import { readStudy } from '../../core/study/preparing/prepare-study.js';
import { writeImages } from '../../experiments/zoo/images.js';
import { picturesFolder, writePictures } from '../../experiments/every-network/pictures.js';
import { hasSharedData, sharedData } from '../builders/shared-data.js';

const folder = path.resolve(import.meta.dirname, '../../experiments');
const specs = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

beforeAll(async () => {
  writeImages();
  if (hasSharedData) await writePictures(sharedData, picturesFolder);
});

// A change that moves no plan is safe for what is stored; one that does must be meant. Renew with `npx vitest -u`.
test.for(specs)('%s is planned as recorded', async (name, { skip }) => {
  const file = path.join(folder, name);
  if (!hasSharedData && readFileSync(file, 'utf8').includes('shared/data')) skip('../shared/data is not here');
  const { spec, resolved } = await readStudy(file);
  const catalog = new Catalog((digest) => Promise.resolve(resolved.blobs.get(digest) as Uint8Array));
  const plan = await planOf(new Ledger(memoryStore()), catalog, resolved, proposedMode(spec.run), spec.run);
  const recorded = path.join(folder, 'plans', name.replace('.yaml', '.txt'));
  if (process.env.CI && !existsSync(recorded)) throw new Error(`${recorded} is not recorded`);
  await expect(`${planLines(plan).join('\n')}\n`).toMatchFileSnapshot(recorded);
});
