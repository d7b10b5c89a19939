import { SEMANTICS, type Scope } from '../plan/identity.js';
import type { Digest } from '../digest.js';
import type { CellScope } from '../probe/cell.js';
import type { KeptOutputs, OutputScope } from '../probe/kept-outputs.js';
import { cellForm, cellShelf, type CellRow } from './cell-object.js';
import { KeyedShelf } from './keyed-shelf.js';
import { Claims } from './claims.js';
import { cellFolder, claimsFolder, responseFolder } from './keys.js';
import { outputRows, outputShelf } from './output-object.js';
import type { RecordContext } from './records.js';
import { resultShelf } from './response-shelf.js';

/** Scopes carry the semantics of their results; left out: those of this build. */
export type Versioned<S> = S & { readonly semantics?: number };

/** The shelves of a store by scope, kept, so that each looks only at what is new to it. */
export class Shelves {
  readonly #context: RecordContext;
  readonly #now: () => number;
  readonly #cells = new Map<string, KeyedShelf<CellRow>>();
  readonly #outputs = new Map<string, KeyedShelf<KeptOutputs>>();
  readonly #claims = new Map<string, Claims>();

  constructor(context: RecordContext, now: () => number) {
    this.#context = context;
    this.#now = now;
  }

  cells(scope: Versioned<CellScope>): KeyedShelf<CellRow> {
    const shelf = cellShelf(this.#context.store, scope.semantics ?? SEMANTICS, scope, this.#context.onNotice);
    return known(this.#cells, shelf.folder, () => new KeyedShelf(shelf, cellForm, this.#now));
  }

  outputs(scope: Versioned<OutputScope>): KeyedShelf<KeptOutputs> {
    const shelf = outputShelf(this.#context.store, scope.semantics ?? SEMANTICS, scope, this.#context.onNotice);
    return known(this.#outputs, shelf.folder, () => new KeyedShelf(shelf, outputRows(scope.images), this.#now));
  }

  results(scope: Versioned<Scope>): ReturnType<typeof resultShelf> {
    return resultShelf(this.#context.store, scope.semantics ?? SEMANTICS, scope, this.#context.onNotice);
  }

  /** Of cells on a chunk; of results where none is given. */
  claims({ chunk, ...scope }: Versioned<Scope> & { readonly chunk?: Digest }): Claims {
    const semantics = scope.semantics ?? SEMANTICS;
    const folder = chunk === undefined ? responseFolder(semantics, scope) : cellFolder(semantics, { ...scope, chunk });
    return known(this.#claims, folder, () => new Claims(this.#context.store, claimsFolder(folder)));
  }
}

function known<V>(shelves: Map<string, V>, folder: string, make: () => V): V {
  const shelf = shelves.get(folder) ?? make();
  shelves.set(folder, shelf);
  return shelf;
}
