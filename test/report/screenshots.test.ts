import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createRequire } from 'node:module';
import path, { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderReport } from '../../core/report/report.js';
import { chromiumPath, lookAt, looks, type Sight } from './chromium.js';
import { syntheticInput } from './fixture.js';
import { shown } from './shown.js';

const chromium = await chromiumPath();
if (chromium === undefined) {
  console.warn('skipped: no Chromium on this machine, so nobody looks at the report (apt-get install chromium)');
}

describe.skipIf(chromium === undefined)('the report in a browser', () => {
  let folder: string;
  let sights: Sight[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'percuss-report-'));
    const file = join(folder, 'report.html');
    const input = syntheticInput({
      names: ['resnet20', 'a-network-with-quite-a-long-name-of-its-own_v2', 'plain20', 'x'],
    });
    const { kernels } = input.tables;
    const more = kernels.map((row) => ({ ...row, channel: row.channel + 1000 }));
    await writeFile(
      file,
      await renderReport({ ...input, ...shown({ ...input.tables, kernels: [...kernels, ...more] }) }),
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

  test('has no finding of axe, at phone and desktop, light and dark', async () => {
    const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    const expression = `${axe}; axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ target }) => target.join(' ')).join(' | ')))`;
    const seen = await lookAt(chromium ?? '', path.join(folder, 'report.html'), looks, { pictures: false, expression });
    expect(seen.map(({ found }) => found)).toEqual(looks.map(() => []));
  });

  test('sorts, filters and turns over its kernels, by mouse or keyboard', async () => {
    const expression = `(() => {
      const explorer = document.querySelector('.explorer');
      const rows = () => [...explorer.querySelectorAll('tbody tr')].map((row) => [...row.children].map(({ textContent }) => textContent));
      const head = (name) => [...explorer.querySelectorAll('thead button')].find(({ textContent }) => textContent === name);
      const column = (name) => [...explorer.querySelectorAll('thead button')].findIndex(({ textContent }) => textContent === name);
      const said = () => explorer.querySelector('output').textContent;
      const numbers = (name) => rows().map((row) => Number.parseFloat(row[column(name)].replace('−', '-')));
      const [before, whole] = [numbers('damage (nat)'), said()];
      head('channel').click();
      const down = [numbers('channel'), head('channel').parentElement.getAttribute('aria-sort')];
      head('channel').click();
      const up = [numbers('channel'), head('channel').parentElement.getAttribute('aria-sort')];
      const search = explorer.querySelector('input');
      search.value = 'PLAIN';
      search.dispatchEvent(new Event('input'));
      const networks = [...new Set(rows().map(([network]) => network))];
      search.value = 'nothing is called so';
      search.dispatchEvent(new Event('input'));
      const none = [rows().length, said()];
      search.value = '';
      search.dispatchEvent(new Event('input'));
      const next = [...explorer.querySelectorAll('.tools button')][1];
      next.click();
      return { before, whole, down, up, networks, none, second: said(), tools: explorer.querySelector('.tools').hidden };
    })()`;
    const [sight] = await lookAt(chromium ?? '', path.join(folder, 'report.html'), looks.slice(-1), {
      pictures: false,
      expression,
    });
    const found = sight?.found as {
      before: number[];
      whole: string;
      down: [number[], string];
      up: [number[], string];
      networks: string[];
      none: [number, string];
      second: string;
      tools: boolean;
    };
    const ascends = (values: number[]): boolean => values.every((value, i) => i === 0 || values[i - 1]! <= value);
    const known = found.before.filter(Number.isFinite);
    expect(ascends(known.toReversed())).toBe(true);
    expect(known.length).toBeGreaterThan(50);
    expect(found.whole).toMatch(/^1 to 200 of \d+$/);
    expect([ascends(found.down[0].toReversed()), found.down[1]]).toEqual([true, 'descending']);
    expect([ascends(found.up[0]), found.up[1]]).toEqual([true, 'ascending']);
    expect(found.networks).toEqual(['plain20']);
    expect(found.none).toEqual([0, 'none']);
    expect(found.second).toMatch(/^201 to \d+ of \d+$/);
    expect(found.tools).toBe(false);
  });
});
