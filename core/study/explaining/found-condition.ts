import { PercussError } from '../../errors.js';
import type { LabelledCondition } from '../../plan/conditions.js';
import { conditionList, piecesOf, type ModelOutline } from '../../plan/outline.js';
import { selectLayers } from '../../plan/target.js';
import { nearestName } from '../../select.js';
import { fillDraws } from '../../plan/conditions.js';

/** Which cell is asked about. */
export interface CellQuery {
  /** Left out: the intact network. */
  readonly ablation?: string;
  /** May be left out where there is one. */
  readonly model?: string;
  /** The one target that is removed: a layer, block or stream, and its channel where it has some. */
  readonly layer?: string;
  readonly channel?: number;
  /** Among conditions that remove the same, the first unless given. */
  readonly fill?: string;
  /** Instead of layer, channel and fill: the number of the condition, from 0. */
  readonly condition?: number;
  /** Number of the chunk of images, from 0; of an adaptive ablation that of the piece of its waves. */
  readonly chunk?: number;
}

/** A condition of a study, or the intact network where there is none, and the chunk in units. */
export interface FoundCondition {
  readonly outline: ModelOutline;
  readonly ablation: string | undefined;
  readonly index: number;
  readonly condition: LabelledCondition | undefined;
  /** See `chunkOf`. */
  readonly chunk: number;
  /** Adaptive: the wave of the chunk, and how many waves are asked for of the condition. */
  readonly wave?: { readonly number: number; readonly asked: number };
}

const notFound = (what: string): PercussError => new PercussError('NOT_FOUND', what);

/** A name, or what is said of one that is not there. */
function chosen<T extends { readonly name: string }>(things: readonly T[], name: string | undefined, what: string): T {
  const names = things.map((thing) => thing.name);
  const [first, second] = things;
  if (name === undefined && first && !second) return first;
  const found = things.find((thing) => thing.name === name);
  if (found) return found;
  const shown = names.slice(0, 10).join(', ');
  if (name === undefined) throw notFound(`say which ${what} is meant: ${shown}`);
  const near = nearestName(name, names);
  throw notFound(`the study has no ${what} ${name}${near ? `; did you mean ${near}?` : ''} (it has ${shown})`);
}

/**
 * Finds the condition and the chunk that are asked about.
 * @throws PercussError NOT_FOUND that says what there is instead.
 */
export function findCondition(models: readonly ModelOutline[], query: CellQuery): FoundCondition {
  const outline = chosen(
    models.map((own) => ({ name: own.model.name, own })),
    query.model,
    'network',
  ).own;
  if (query.ablation === undefined) {
    if (query.layer !== undefined || query.condition !== undefined)
      throw notFound('name the ablation, too: --ablation NAME');
    return { outline, ablation: undefined, index: 0, condition: undefined, chunk: plainChunk(outline, query.chunk) };
  }
  const { own } = chosen(
    outline.ablations.map((ablation) => ({ name: ablation.spec.name, own: ablation })),
    query.ablation,
    `ablation of ${outline.model.name}`,
  );
  if (!own.list) {
    const why = 'results that are not there yet decide the order in which it removes, so its cells have no keys yet';
    throw notFound(`${own.spec.name} of ${outline.model.name} is not planned: ${why}; run the study first`);
  }
  const index = query.condition ?? indexOf(outline, own.spec.name, query);
  const condition = index < own.list.length ? own.list.at(index) : undefined;
  if (!condition) throw notFound(`${own.spec.name} has conditions 0 to ${own.list.length - 1}, and no ${index}`);
  const common = { outline, ablation: own.spec.name, index, condition };
  if (!own.reach) return { ...common, chunk: plainChunk(outline, query.chunk) };
  const pieces = outline.waves.flatMap((_, wave) => piecesOf(outline, wave).map((chunk) => ({ wave, chunk })));
  const piece = pieces[query.chunk ?? 0];
  if (!piece) throw notFound(`its waves have pieces 0 to ${pieces.length - 1}, and no ${query.chunk ?? 0}`);
  return { ...common, chunk: piece.chunk, wave: { number: piece.wave, asked: own.reach[index] ?? 0 } };
}

function plainChunk({ model, chunks }: ModelOutline, chunk = 0): number {
  if (chunk < chunks.length) return chunk;
  throw notFound(`the images of ${model.name} are chunks 0 to ${chunks.length - 1}, and no ${chunk}`);
}

/** The first condition that removes one target alone, with one fill. */
function indexOf(outline: ModelOutline, ablation: string, { layer, channel, fill }: CellQuery): number {
  const list = conditionList(outline, ablation);
  if (layer === undefined) throw notFound('say what is removed: --layer NAME --channel N, or --condition N');
  const names = new Set([layer, ...selectLayers(outline.anatomy, [layer]).map((found) => found.name)]);
  const groups = new Map<string, number>();
  const spec = outline.ablations.find((one) => one.spec.name === ablation)?.spec;
  const draws = spec ? fillDraws(spec, outline.reference).length : 1;
  for (let index = 0; index < list.length; index++) {
    const { targets, fill: own } = list.at(index);
    const [target] = targets;
    if (!target || targets.length !== 1) continue;
    groups.set(target.group, Math.max(groups.get(target.group) ?? 0, target.channel ?? -1));
    if (!names.has(target.group) || (target.channel !== undefined && target.channel !== channel)) continue;
    if (fill === undefined || own === fill) return index;
  }
  const known = [...groups].find(([group]) => names.has(group));
  if (groups.size === 0)
    throw notFound(
      `${ablation} removes several targets at a time: name one of its ${list.length} conditions, --condition N`,
    );
  if (!known) {
    const near = nearestName(layer, groups.keys());
    const shown = [...groups.keys()].slice(0, 10).join(', ');
    throw notFound(
      `${ablation} removes nothing of ${layer}${near ? `; did you mean ${near}?` : ''} (it has ${shown}${groups.size > 10 ? ', …' : ''})`,
    );
  }
  const channels =
    known[1] < 0 ? 'no channels: leave --channel out' : `channels 0 to ${known[1]}, of which one is named by --channel`;
  throw notFound(
    `${ablation} removes ${known[0]}${fill === undefined ? '' : `, though perhaps not with ${fill}`}; it has ${channels}${draws > 1 ? `, each with ${draws} fills or draws` : ''}`,
  );
}
