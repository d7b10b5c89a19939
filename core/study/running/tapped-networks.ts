import type { Engine } from '../../engine/engine.js';
import type { NumericMode } from '../../numeric-mode.js';
import { printVariant, type NetworkVariant } from '../../plan/network-variant.js';
import { imageSetDigest, type ModelOutline } from '../../plan/outline.js';
import { InstrumentedNetwork } from '../../probe/instrumented-network.js';
import { nullNetwork } from '../../probe/null-network.js';
import { Recalibration } from '../../probe/recalibration.js';
import { ReferenceSet } from '../../probe/reference-set.js';
import type { Catalog, LoadedModel } from '../catalog.js';
import { remembered } from './remembered.js';

/** A network on its engine, with its reference images. */
export interface Tapped {
  readonly loaded: LoadedModel;
  readonly network: InstrumentedNetwork;
  readonly reference: ReferenceSet;
}

/** Networks and their nulls on their engines, the last used ones kept. */
export class TappedNetworks {
  readonly #catalog: Catalog;
  readonly #engine: (mode: NumericMode) => Promise<Engine>;
  readonly #tapped = new Map<string, Promise<Tapped>>();
  readonly #recalibrations = new Map<string, Promise<Recalibration>>();

  constructor(catalog: Catalog, engine: (mode: NumericMode) => Promise<Engine>) {
    this.#catalog = catalog;
    this.#engine = engine;
  }

  /** The network as it is, or one of its nulls. */
  open(
    { scope, model, reference, referenceChunks }: ModelOutline,
    variant: NetworkVariant,
    seed: number,
  ): Promise<Tapped> {
    const of = `${scope.model} ${model.after} ${reference} ${JSON.stringify(scope.mode)}`;
    const own = variant === 'intact' ? '' : ` ${seed}`;
    return remembered(
      this.#tapped,
      `${of} ${printVariant(variant)}${own}`,
      3,
      async () => {
        const loaded = await this.#catalog.model(model);
        const engine = await this.#engine(scope.mode);
        const { images } = await this.#catalog.images(loaded, referenceChunks);
        const open = (graph: LoadedModel['graph']): InstrumentedNetwork =>
          new InstrumentedNetwork(graph, loaded.anatomy, engine, { output: loaded.output });
        const intact = open(loaded.graph);
        const recalibration = (): Promise<Recalibration> =>
          remembered(this.#recalibrations, of, 2, () => {
            const tiles = [...intact.tiles(images)].map((tile) => tile.images);
            return Promise.resolve(new Recalibration(loaded.graph, engine, tiles));
          });
        const network =
          variant === 'intact' ? intact : open(await nullNetwork(loaded.graph, await recalibration(), seed, variant));
        return { loaded, network, reference: new ReferenceSet(network, imageSetDigest(referenceChunks), images) };
      },
      async (dropped) => (await dropped).network.close(),
    );
  }

  async close(): Promise<void> {
    for (const tapped of this.#tapped.values()) await (await tapped).network.close();
    this.#tapped.clear();
    this.#recalibrations.clear();
  }
}
