import { afterEach, expect, test, vi } from 'vitest';
import { Catalog } from '../../../core/study/catalog.js';
import { CellReader } from '../../../core/study/reading/cell-reader.js';
import { loadOutlines } from '../../../core/study/reading/outlines.js';
import { SpilledRows } from '../../../core/study/reading/spilled-rows.js';
import { openLedger } from '../../builders/ledger.js';
import { runSpec } from '../../builders/studies.js';
import { ablation, smallStudy } from '../../builders/small-study.js';

afterEach(() => vi.restoreAllMocks());

test('conditions read back are the cells that were committed, each once, whoever else asks for them', async () => {
  const { ledger } = openLedger();
  const twice = [ablation('kernels', { fill: ['zero', 'mean'] }), ablation('again', { fill: ['mean'] })];
  const { ref } = await runSpec(ledger, smallStudy({ ablations: twice, impulses: [] }));
  const catalog = new Catalog((digest) => ledger.getBlob(digest));
  const { study, models } = await loadOutlines(ledger, catalog, ref, { scores: {} });
  const [outline] = models;
  if (!outline) throw new Error('the study has no network');
  const writes = vi.spyOn(SpilledRows.prototype, 'write');
  const cells = await CellReader.open(ledger, outline, study.seed);
  const [kernels, again] = outline.ablations;
  const conditions = kernels?.list && cells.conditions('kernels', kernels.list);
  const others = again?.list && cells.conditions('again', again.list);
  expect(writes.mock.calls.length).toBe(outline.chunks.length * (1 + (conditions?.length ?? 0)));
  const means = [...(conditions ?? [])].filter(({ labelled }) => labelled.fill === 'mean');
  expect(means.length).toBe(others?.length);
  expect(means.map(({ result }) => result)).toEqual([...(others ?? [])].map(({ result }) => result));
  for (const { result } of means) {
    expect(result?.state).not.toBe('partial');
    expect(result?.kl.length).toBe(outline.chunks.reduce((sum, { images }) => sum + images, 0));
  }
  expect(cells.condition('baseline', '', 0)?.kl.every((kl) => kl === 0)).toBe(true);
  expect(conditions?.at(conditions.length)).toBeUndefined();
  cells.close();
  expect(cells.condition('baseline', '', 0)).toBeUndefined();
});
