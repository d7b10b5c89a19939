import { sha256 } from '../../core/digest.js';
import type { ResponsePicture } from '../../core/report/input.js';
import type { Tables } from '../../core/tables/schema.js';
import { shown, type ShownInput } from './shown.js';
import { networks, resolved, siteName, small, type Network } from './synthetic-study.js';
import { tablesOf } from './synthetic-tables.js';

/** A study of four networks whose numbers look like real ones, all from one seed. */
export function syntheticInput(
  options: { readonly names?: readonly string[]; readonly size?: 'small' | 'full' } = {},
): ShownInput {
  const names = options.names ?? [];
  const own = (options.size === 'full' ? networks : small).map((network, i) => ({
    ...network,
    name: names[i] ?? network.name,
  }));
  return {
    id: sha256('synthetic'),
    study: resolved(own),
    mode: { engine: 'onnxruntime', precision: 'float32', device: 'cpu' },
    yaml: 'version: 1\nstudy: cifar-resnets\nseed: 7\n# <not a tag> & "quoted"\n',
    ...shown(tablesOf(own)),
    cells: { computed: 41_230, reused: 8_770 },
    pictures: own.slice(0, 2).flatMap(picturesOf),
    warnings: ['mstutorial: 2 kernels have the same weights; their damage is shared.'],
    withoutGradients: [],
    provenance: {
      versions: { percuss: '0.1.0', node: '20.20.2', 'onnxruntime-node': '1.30.0', duckdb: '1.5.5' },
      machines: ['onnxruntime 1.30.0, x64, avx512, 1 thread: 50 000 cells'],
      times: { submitted: '2026-03-01 09:00 UTC', finished: '2026-03-01 09:41 UTC' },
      objects: [
        {
          name: 'analysis',
          key: `studies/${sha256('synthetic')}/analysis/${sha256('analysis')}`,
          sha256: sha256('analysis'),
        },
      ],
    },
  };
}

/** The same study before anything was computed. */
export function emptyInput(): ShownInput {
  const input = syntheticInput();
  return {
    ...input,
    yaml: null,
    ...shown(emptyTables),
    cells: null,
    pictures: [],
    warnings: [],
    withoutGradients: [],
    provenance: { versions: {}, machines: [], times: {}, objects: [] },
  };
}

export const emptyTables: Tables = {
  models: [],
  architectures: [],
  architecture_differences: [],
  layers: [],
  kernels: [],
  ablations: [],
  stops: [],
  curves: [],
  pairs: [],
  interactions: [],
  screens: [],
  quadruples: [],
  contrasts: [],
  compensation: [],
  responses: [],
  nulls: [],
  excess: [],
  similarity: [],
  between: [],
  learning: [],
  resolutions: [],
  predictors: [],
  preview: [],
  preview_checks: [],
  coverage: [],
};

function picturesOf(network: Network): ResponsePicture[] {
  const steps = 7;
  return Array.from({ length: steps }, (_, i) => {
    const layer = Math.round((i * (network.layers - 1)) / (steps - 1));
    const size = 32 / 2 ** Math.floor((2.99 * i) / steps);
    const values = new Float32Array(size * size);
    const [centre, spread] = [size / 2, 0.6 + ((size * (i + 1)) / steps) * 0.28];
    const reach = 1 + Math.ceil(spread * 2);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const [dy, dx] = [y - centre, x - centre];
        if (Math.max(Math.abs(dy), Math.abs(dx)) > reach) continue;
        values[y * size + x] =
          2 ** -i * Math.exp(-(dy * dy + dx * dx) / (2 * spread ** 2)) * Math.cos((dx + i * dy) / spread + i);
      }
    }
    return {
      model: network.name,
      impulse: 'plain: input channel 0, amplitude +1, centre, on normalised-zero',
      site: siteName(network, layer),
      channel: 3 + i,
      depth: layer,
      height: size,
      width: size,
      values,
    };
  });
}
