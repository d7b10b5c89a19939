import { expect, test } from 'vitest';
import { plot, shortLabels } from '../../core/report/plot.js';

const clipped = {
  width: 100,
  height: 50,
  data: { values: [{ x: 1, y: 2 }] },
  mark: { type: 'bar', clip: true },
  encoding: { x: { field: 'x', type: 'quantitative' }, y: { field: 'y', type: 'quantitative' } },
};

test('references within a plot carry its own id and do not depend on what was drawn before', async () => {
  const first = await plot('a', 'label', clipped);
  const second = await plot('b', 'label', clipped);
  expect(first.text).toMatch(/id="a-0"/);
  expect(first.text).toMatch(/url\(#a-0\)/);
  expect(second.text.replaceAll('b-0', 'a-0')).toBe(first.text);
});

test('long names on an axis are shortened by their end, and no name can end the expression', async () => {
  const names = ['layer1.0.conv1', 'a.very.long.module.path.conv2', `x"],alert(1),["\\\n网`];
  const svg = await plot('n', 'names', {
    width: 100,
    height: 60,
    data: { values: names.map((name) => ({ name })) },
    mark: 'point',
    encoding: { y: { field: 'name', type: 'nominal', sort: null, axis: { labelExpr: shortLabels(names) } } },
  });
  expect(svg.text).toContain('>layer1.0.conv1<');
  expect(svg.text).toContain('>…dule.path.conv2<');
  expect(svg.text).toContain('alert(1)');
});
