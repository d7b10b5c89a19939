import { pooledLinearity } from '../../../analysis/linearity.js';
import { printBase } from '../../../plan/impulses.js';
import type { ResponseRow } from '../../../tables/schema.js';
import type { Tensor } from '../../../tensor.js';
import type { ModelResults, ResponseResultRead } from '../../reading/model-results.js';

/** One row an impulse and recorded site. */
export function responseRows(results: ModelResults): ResponseRow[] {
  return results.responses.flatMap(({ name, groups }) => groups.flatMap((group) => groupRows(results, name, group)));
}

function groupRows(results: ModelResults, name: string, read: ResponseResultRead): ResponseRow[] {
  const { group, tensors } = read;
  const floats = (part: string, site: string): Tensor<'float32'> | undefined =>
    tensors.get(`${part}/${site}`) as Tensor<'float32'> | undefined;
  const sites = results.outline.anatomy.sites.filter((site) => group.record.includes(site.name));
  return read.impulses.flatMap((impulse, i) =>
    sites.flatMap((site): ResponseRow[] => {
      const norms = floats('norm', site.name);
      const crop = tensors.get(`crop/${site.name}`) as Tensor<'int32'> | undefined;
      if (!norms || !crop) return [];
      const total = (tensor: Tensor<'float32'> | undefined, row: number): number | null =>
        tensor && row >= 0 ? rowNorm(tensor, row) : null;
      const odd = total(floats('odd', site.name), impulse.pair);
      const even = total(floats('even', site.name), impulse.pair);
      const linearity = odd === null || even === null ? null : pooledLinearity([{ oddNorm: odd, evenNorm: even }]);
      const [top, left, height, width] = [0, 1, 2, 3].map((j) => crop.data[i * 4 + j] as number) as [
        number,
        number,
        number,
        number,
      ];
      return [
        {
          model: results.outline.model.name,
          impulse: name,
          base: printBase(group.base),
          at: group.at,
          channel: impulse.channel,
          row: impulse.row,
          column: impulse.column,
          amplitude: impulse.amplitude,
          site: site.name,
          depth: site.depth,
          norm: rowNorm(norms, i),
          odd_norm: odd,
          even_norm: even,
          linearity,
          oddness: linearity === null ? null : (floats('oddness', site.name)?.data[impulse.pair] ?? null),
          top,
          left,
          height,
          width,
          object: read.object,
        },
      ];
    }),
  );
}

function rowNorm(tensor: Tensor<'float32'>, row: number): number {
  const count = tensor.shape[1] as number;
  let squares = 0;
  for (let j = row * count; j < (row + 1) * count; j++) squares += (tensor.data[j] as number) ** 2;
  return Math.sqrt(squares);
}
