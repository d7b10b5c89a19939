import type { Engine } from '../../core/engine/engine.js';

/** Bytes of weights in the programs that an engine has made and that were not disposed of. */
export interface Held {
  readonly now: number;
  readonly most: number;
}

/** An engine that counts what its programs hold, tells which it runs, and refuses to run one that was disposed of. */
export function weighedEngine(
  engine: Engine,
  onRun: (program: string) => void = () => undefined,
): { readonly engine: Engine; held(): Held } {
  let [now, most] = [0, 0];
  return {
    held: () => ({ now, most }),
    engine: {
      mode: engine.mode,
      provenance: engine.provenance,
      upload: (tensor) => engine.upload(tensor),
      close: () => engine.close(),
      async compile(graph) {
        const program = await engine.compile(graph);
        now += program.bytes;
        most = Math.max(most, now);
        let gone = false;
        return {
          feeds: program.feeds,
          outputs: program.outputs,
          bytes: program.bytes,
          async run(feeds, options) {
            if (gone) throw new Error(`${graph.name} was run after it was disposed of`);
            onRun(graph.name);
            return program.run(feeds, options);
          },
          dispose() {
            now -= program.bytes;
            gone = true;
            return program.dispose();
          },
        };
      },
    },
  };
}
