import type { Digest } from '../digest.js';
import { PercussError } from '../errors.js';
import type { ValueId } from '../network/graph.js';
import { printBase, type ImpulseGroup } from '../plan/impulses.js';
import { keptResponses } from '../spec/words/kept-responses.js';
import { sizeOf, type Tensor } from '../tensor.js';
import { baseImage, type BaseContext, type InputLayout } from './base-image.js';
import { Gathering, type ImpulseRecord } from './gathering.js';
import { gridOf } from './grid.js';
import { respond, type Tap } from './impulse.js';
import type { InstrumentedNetwork } from './instrumented-network.js';

/** What impulses need besides the network. */
export interface ResponseContext extends BaseContext {
  readonly signal?: AbortSignal;
}

/** Responses to one group of impulses, as they are stored. */
export interface ResponseResult {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly impulses: readonly ImpulseRecord[];
  readonly sites: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Grid of the signatures: rows × columns. */
  readonly grid: readonly [number, number];
}

/** Per-channel deviation of preprocessed images, in float64. */
function inputDeviation(images: Tensor<'float32'>, layout: InputLayout): number[] {
  const [channels, height, width] = layout.shape;
  const size = sizeOf(images.shape.slice(1));
  const count = (images.shape[0] as number) * height * width;
  return Array.from({ length: channels }, (_, c) => {
    let sum = 0;
    let squares = 0;
    for (let start = 0; start < images.data.length; start += size) {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const value = images.data[start + layout.index(c, y, x)] as number;
          sum += value;
          squares += value * value;
        }
      }
    }
    return Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
  });
}

/** The tapped value and what else is alive there, on one base image. */
async function tapOf(network: InstrumentedNetwork, group: ImpulseGroup, context: ResponseContext): Promise<Tap> {
  const image = baseImage(group.base, context);
  const input = network.graph.inputs[0] as { id: ValueId };
  if (group.at === 'input') return { live: new Map([[input.id, image]]), value: input.id, index: context.layout.index };
  const site = network.site(group.at);
  const until = network.cutOf(group.at);
  const live = new Map<ValueId, Tensor>();
  await network.walk(
    image,
    async (cut, tensors) => {
      if (cut !== until) return;
      for (const [value, tensor] of tensors) {
        const host = await tensor.read();
        live.set(value, { ...host, data: host.data.slice() });
      }
    },
    { until },
  );
  const [, height = 1, width = 1] = site.shape as [number, number?, number?];
  return { live, value: site.value, index: (channel, row, column) => (channel * height + row) * width + column };
}

/** The impulses of a group, channel by channel, place by place; `units`: what an amplitude of 1 is, by channel, where not 1. */
export function impulsesOf(
  group: Pick<ImpulseGroup, 'channels' | 'positions' | 'amplitudes'>,
  units: readonly number[] | undefined,
): ImpulseRecord[] {
  const { values } = group.amplitudes;
  const magnitudes = [...new Set(values.map(Math.abs))].sort((a, b) => a - b);
  const paired = magnitudes.filter((magnitude) => values.includes(magnitude) && values.includes(-magnitude));
  const records: ImpulseRecord[] = [];
  let places = 0;
  for (const channel of group.channels) {
    for (const [row, column] of group.positions) {
      for (const value of values) {
        const order = paired.indexOf(Math.abs(value));
        const pair = order < 0 ? -1 : places * paired.length + order;
        records.push({ channel, row, column, amplitude: value * (units?.[channel] ?? 1), pair });
      }
      places++;
    }
  }
  return records;
}

/**
 * Gives every impulse of a group and gathers, for each recorded site: response norms by kernel, odd and even energies of
 * each (+a, −a) pair by kernel, the pair's oddness cosine, crops, and signatures: the odd part at the smallest amplitude,
 * at the points of the grid (`gridOf`). With `keep: responses` also the cropped responses themselves.
 */
export async function runResponseBatch(
  network: InstrumentedNetwork,
  group: ImpulseGroup,
  context: ResponseContext,
): Promise<ResponseResult> {
  const sites = group.record.map((name) => network.site(name));
  const tap = await tapOf(network, group, context);
  const impulses = impulsesOf(group, amplitudeUnits(network, group, context));
  const grid = gridOf(sites);
  const gathering = new Gathering(impulses, sites, grid, keptResponses[group.keep].maps);
  await respond(
    network,
    tap,
    impulses,
    sites,
    (i, site, response, crop) => gathering.add(i, site, response, crop),
    context.signal,
  );
  return {
    tensors: gathering.finish(),
    impulses,
    sites: sites.map((site) => ({ name: site.name, shape: site.shape })),
    grid: [grid.rows, grid.columns],
  };
}

type Amplified = Pick<ImpulseGroup, 'at' | 'amplitudes'>;

/** What an amplitude of 1 is, by channel; undefined: 1. */
export const amplitudeUnits = (
  network: InstrumentedNetwork,
  group: Amplified,
  context: ResponseContext,
): readonly number[] | undefined => unitOf[group.amplitudes.unit](network, group, context);

const unitOf: {
  readonly [U in ImpulseGroup['amplitudes']['unit']]: (
    network: InstrumentedNetwork,
    group: Amplified,
    context: ResponseContext,
  ) => readonly number[] | undefined;
} = { input: () => undefined, std: deviationAt };

function deviationAt(network: InstrumentedNetwork, group: Amplified, context: ResponseContext): number[] {
  if (group.at === 'input') return inputDeviation(context.reference, context.layout);
  throw new PercussError(
    'SPEC_INVALID',
    `impulses at ${group.at} of ${network.graph.name} have amplitudes in standard deviations of the input; give plain amplitudes for inner sites`,
  );
}

/** Metadata of a response object: what its rows are. */
export function responseMetadata(
  group: ImpulseGroup,
  result: ResponseResult,
  key: Digest,
): Readonly<Record<string, string>> {
  return {
    key,
    at: group.at,
    base: printBase(group.base),
    impulses: JSON.stringify(result.impulses),
    sites: JSON.stringify(result.sites),
    grid: JSON.stringify(result.grid),
  };
}
