import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { importOnnx } from '../../core/import/onnx/import-onnx.js';
import { impulseGroupsOf } from '../../core/plan/impulses.js';
import type { ImpulseSpec } from '../../core/spec/study-spec.js';
import { impulseSpec } from '../builders/specs.js';

test('phases follow the windows: behind norms over a whole map of stride 1, one base meets them all', () => {
  const file = path.join(import.meta.dirname, '../import/fixtures/cases/instancenorm.onnx');
  const anatomy = anatomyOf(importOnnx('norms', readFileSync(file)));
  const spec: ImpulseSpec = impulseSpec({ positions: 'phases', bases: { images: 40 } });
  const groups = impulseGroupsOf(spec, { seed: 3, anatomy, image: [3, 9, 9] });
  const places = groups.map(({ positions }) => positions[0]?.join() as string);
  expect(groups).toHaveLength(40);
  // Of stride 9 (the size of the map) the first 40 bases would each be the only one of its phase.
  expect(new Set(places).size).toBeLessThan(40);
  expect(new Set(places).size).toBeGreaterThan(15);
});
