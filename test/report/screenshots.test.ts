import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderReport } from '../../core/report/report.js';
import { chromiumPath, lookAt, looks, type Sight } from './chromium.js';
import { syntheticInput } from './fixture.js';

const chromium = chromiumPath();
if (chromium === undefined) {
  console.warn('skipped: no Chromium on this machine, so nobody looks at the report (apt-get install chromium)');
}

describe.skipIf(chromium === undefined)('the report in a browser', () => {
  let folder: string;
  let sights: Sight[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'percuss-report-'));
    const file = join(folder, 'report.html');
    await writeFile(
      file,
      await renderReport(
        syntheticInput({ names: ['resnet20', 'a-network-with-quite-a-long-name-of-its-own_v2', 'plain20', 'x'] }),
      ),
    );
    sights = await lookAt(chromium ?? '', file, looks, { pictures: false });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each(looks.map((look, i) => [look.width, look.scheme, i] as const))(
    'fits a width of %i pixels, %s, runs without errors and asks for nothing',
    (width, _, i) => {
      expect(sights[i]).toMatchObject({ pageWidth: width, overflowing: [], requests: [], errors: [] });
    },
  );

  test('is dark where dark is preferred', () => {
    expect(sights.map((sight) => sight.background)).toEqual(
      looks.map(({ scheme }) => (scheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(20, 23, 27)')),
    );
  });
});
