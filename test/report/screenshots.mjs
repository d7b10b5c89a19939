/**
 * Pictures of a report at phone and desktop width, light and dark, to be looked at:
 *   node test/report/screenshots.mjs [REPORT.html [FOLDER]]
 * Without a report, one of a synthetic study. The pictures, four PNG files, go to the folder (default `.tmp/screenshots`).
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createServer } from 'vite';

const server = await createServer({
  configFile: false,
  server: { middlewareMode: true, hmr: false, ws: false },
  appType: 'custom',
});
const load = (file) => server.ssrLoadModule(resolve(import.meta.dirname, file));
const [given, folder = join('.tmp', 'screenshots')] = process.argv.slice(2);
const { chromiumPath, lookAt, looks } = await load('chromium.ts');
const chromium = await chromiumPath();
if (chromium === undefined) {
  console.warn('skipped: no Chromium on this machine, so there are no pictures (apt-get install chromium)');
} else {
  await mkdir(folder, { recursive: true });
  const report = given ?? join(folder, 'report.html');
  if (given === undefined) {
    const { renderReport } = await load('../../core/report/report.ts');
    const { syntheticInput } = await load('fixture.ts');
    await writeFile(report, await renderReport(syntheticInput({ size: 'full' })));
  }
  const sights = await lookAt(chromium, resolve(report), looks, { pictures: true });
  for (const [i, { width, scheme }] of looks.entries()) {
    const { png, pageWidth, overflowing, requests, errors } = sights[i];
    const file = join(folder, `report-${width}-${scheme}.png`);
    await writeFile(file, png);
    const complaints = [
      pageWidth > width ? `the page is ${pageWidth} pixels wide: ${overflowing.join(', ')}` : '',
      ...requests.map((url) => `it asked for ${url}`),
      ...errors,
    ].filter(Boolean);
    console.log(`${file}${complaints.length === 0 ? '' : `\n  ${complaints.join('\n  ')}`}`);
    if (complaints.length > 0) process.exitCode = 1;
  }
}
await server.close();
