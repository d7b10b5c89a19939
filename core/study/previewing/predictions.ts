import { canonicalJson } from '../../canonical.js';
import { PercussError } from '../../errors.js';
import type { ValueId } from '../../network/graph.js';
import { within } from '../../network/budget.js';
import { fillDraws, type ConditionList, type FillDraw } from '../../plan/conditions.js';
import type { Condition } from '../../plan/condition.js';
import type { ModelOutline } from '../../plan/outline.js';
import { targetsOf } from '../../plan/target.js';
import { linearisedFill, type LinearisedFill } from '../../probe/fill.js';
import type { LinearisedChanges } from '../../probe/linearised-changes.js';
import { Lineariser } from '../../probe/lineariser.js';
import type { AskedMoments } from '../../probe/told-maps.js';
import { modes } from '../../spec/words/modes.js';
import type { Fill } from '../../spec/words/fills.js';
import type { AblationSpec } from '../../spec/study-spec.js';
import type { Catalog } from '../catalog.js';
import type { Tapped } from '../running/tapped-networks.js';

/** An ablation whose conditions are known and can be predicted. */
export interface PredictedAblation {
  readonly spec: AblationSpec;
  readonly list: ConditionList;
  /** What it puts in the place of what it removes, as far as that is linear. */
  readonly fills: readonly Fill[];
  /** How many of its conditions are predicted, and which the i-th of these is. */
  readonly length: number;
  indexAt(i: number): number;
}

/** What of a network's ablations is predicted, and why the others are not. */
export interface Predictable {
  readonly ablations: readonly PredictedAblation[];
  readonly leftOut: readonly string[];
}

export function predictableOf({ ablations, reference }: Pick<ModelOutline, 'ablations' | 'reference'>): Predictable {
  const leftOut: string[] = [];
  const kept = ablations.flatMap(({ spec, list }): PredictedAblation[] => {
    if (modes[spec.mode].holds === true) {
      leftOut.push(`${spec.name}: what is held at its intact values is not linear in what is removed`);
      return [];
    }
    if (!list) {
      leftOut.push(
        `${spec.name}: ${spec.pairs?.screen ? 'which pairs run' : 'its order'} rests on damages that are not measured yet`,
      );
      return [];
    }
    const draws = fillDraws(spec, reference);
    const places = [...draws.keys()].filter((place) => {
      const { name, fill } = draws[place] as FillDraw;
      const how = linearisedFill(fill);
      const refused = reasonAgainst(how, list, place, draws.length);
      if (refused !== undefined) leftOut.push(`${spec.name}, filled with ${name}: ${refused}`);
      return refused === undefined;
    });
    if (places.length === 0) return [];
    return [
      {
        spec,
        list,
        fills: places.map((place) => (draws[place] as FillDraw).fill),
        length: (list.length / draws.length) * places.length,
        indexAt: (i) => Math.floor(i / places.length) * draws.length + (places[i % places.length] as number),
      },
    ];
  });
  return { ablations: kept, leftOut };
}

/** Why a fill, which stands at so many conditions from `place` on, is not linear in what is removed; undefined where it is. */
function reasonAgainst(how: LinearisedFill, list: ConditionList, place: number, draws: number): string | undefined {
  if (typeof how !== 'object' || 'donors' in how) return undefined;
  if ('refused' in how) return how.refused;
  if (how.told.from !== 'same') return undefined;
  for (let index = place; index < list.length; index += draws)
    if (list.at(index).condition.edits.some(({ channels }) => channels.length > 1))
      return 'kernels of a site that are removed together tell nothing of each other, so that each set is told in its own way; single kernels are predicted';
  return undefined;
}

/** What conditions of one network would do to its outputs, to first order, image by image. */
export class Predictions {
  readonly #chunks: readonly LinearisedChanges[];
  readonly #fills: ReadonlyMap<string, number>;
  readonly #valueOf: (site: string) => ValueId;
  readonly images: number;

  private constructor(
    chunks: readonly LinearisedChanges[],
    fills: ReadonlyMap<string, number>,
    valueOf: (site: string) => ValueId,
  ) {
    this.#chunks = chunks;
    this.#fills = fills;
    this.#valueOf = valueOf;
    this.images = chunks.reduce((sum, chunk) => sum + chunk.images, 0);
  }

  /** @throws PercussError MODEL_UNSUPPORTED; LIMIT_EXCEEDED where so many channels, images and fills take too much memory. */
  static async make(
    outline: ModelOutline,
    ablations: readonly PredictedAblation[],
    { network, reference, loaded }: Tapped,
    catalog: Catalog,
    moments: AskedMoments,
    options: { readonly seed: number; readonly signal?: AbortSignal; readonly onImages?: (done: number) => void },
  ): Promise<Predictions> {
    const fills = new Map<string, Fill>();
    const values = new Set<ValueId>();
    for (const { spec, fills: own } of ablations) {
      for (const fill of own) fills.set(canonicalJson({ ...fill }), fill);
      for (const { cuts } of targetsOf(outline.anatomy, spec.unit, spec.layers))
        for (const { site } of cuts) values.add(network.site(site).value);
    }
    const lineariser = await Lineariser.open(network, {
      kind: outline.model.output.kind,
      values: [...values],
      fills: [...fills.values()],
      reference,
      seed: options.seed,
      moments,
    });
    const images = outline.chunks.reduce((sum, chunk) => sum + chunk.images, 0);
    const channels = [...values].reduce((sum, value) => sum + (network.graph.shapes.get(value)?.[1] as number), 0);
    const bytes = 4 * fills.size * channels * images * lineariser.count;
    const asked = `${channels} channels, ${fills.size} fills and ${images} images; ask for fewer images, layers or draws`;
    within(outline.model.name, 'previewChanges', bytes, `preview of ${asked}`);
    const chunks: LinearisedChanges[] = [];
    let before = 0;
    try {
      for (const ref of outline.chunks) {
        const { images: pixels } = await catalog.images(loaded, [ref]);
        const from = before;
        const chunk = { digest: ref.digest, images: pixels };
        chunks.push(
          await lineariser.changes(chunk, {
            ...(options.signal ? { signal: options.signal } : {}),
            onDone: (done) => options.onImages?.(from + done),
          }),
        );
        before += ref.images;
      }
    } finally {
      await lineariser.close();
    }
    const places = new Map([...fills.keys()].map((name, place) => [name, place]));
    return new Predictions(chunks, places, (site) => network.site(site).value);
  }

  /** KL(p ‖ softmax(z + Δz)) of each image, Δz added up over what the condition removes. */
  kl({ edits }: Condition): Float64Array {
    const kl = new Float64Array(this.images);
    let at = 0;
    for (const chunk of this.#chunks) {
      const lines = edits.flatMap(({ site, channels, fill }) => {
        const place = this.#fills.get(canonicalJson({ ...fill }));
        if (place === undefined) throw new PercussError('BUG', `a fill of ${site} was not linearised`);
        const changes = chunk.of(place, this.#valueOf(site));
        const size = chunk.images * chunk.count;
        return channels.map((channel) => changes.subarray(channel * size, (channel + 1) * size));
      });
      const change = new Float64Array(chunk.count);
      chunk.directions.forEach((direction, image) => {
        change.fill(0);
        for (const line of lines)
          for (let j = 0; j < chunk.count; j++) change[j] = change[j]! + line[image * chunk.count + j]!;
        kl[at++] = direction.damage(change);
      });
    }
    return kl;
  }
}
