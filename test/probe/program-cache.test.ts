import { describe, expect, test } from 'vitest';
import type { Engine, Program } from '../../core/engine/engine.js';
import type { Graph } from '../../core/network/graph.js';
import { ProgramCache } from '../../core/probe/program-cache.js';
import { float32 } from '../../core/tensor.js';

/** A graph with so many bytes of weights. */
const graphOf = (name: string, bytes: number): Graph =>
  ({
    name,
    constants: new Map([['w', float32([bytes / 4], new Float32Array(bytes / 4))]]),
    nodes: [],
    outputs: [],
  }) as unknown as Graph;

/** An engine that notes what it compiles and what is disposed of. */
function watched() {
  const log: string[] = [];
  const compile = async (graph: Graph): Promise<Program> => {
    log.push(`+${graph.name}`);
    if (graph.name === 'broken') throw new Error('no such operator');
    return { dispose: async () => void log.push(`-${graph.name}`) } as unknown as Program;
  };
  return { log, engine: { compile } as unknown as Engine };
}

describe('programs', () => {
  test('are compiled once for a name, also where two ask at a time', async () => {
    const { log, engine } = watched();
    const cache = new ProgramCache(engine, 100);
    let built = 0;
    const build = () => (built++, graphOf('a', 40));
    const [one, other] = await Promise.all([cache.get('a', build), cache.get('a', build)]);
    expect(one).toBe(other);
    expect(await cache.get('a', build)).toBe(one);
    expect([built, log]).toEqual([1, ['+a']]);
    expect(cache.bytes).toBe(40);
  });

  test('make room for new ones, those first that were used longest ago', async () => {
    const { log, engine } = watched();
    const cache = new ProgramCache(engine, 100);
    const get = (name: string, bytes: number) => cache.get(name, () => graphOf(name, bytes));
    await get('a', 40);
    await get('b', 40);
    expect(cache.bytes).toBe(80);
    await get('c', 20);
    expect(log).toEqual(['+a', '+b', '+c']);
    await get('a', 40);
    await get('d', 4);
    expect(log).toEqual(['+a', '+b', '+c', '-b', '+d']);
    expect(cache.bytes).toBe(64);
    await get('e', 60);
    expect(log.slice(5)).toEqual(['-c', '-a', '+e']);
    expect(cache.bytes).toBe(64);
    await get('b', 40);
    expect(log.slice(8)).toEqual(['-d', '+b']);
  });

  test('larger than the budget stand alone', async () => {
    const { log, engine } = watched();
    const cache = new ProgramCache(engine, 100);
    await cache.get('a', () => graphOf('a', 40));
    await cache.get('large', () => graphOf('large', 400));
    expect(log).toEqual(['+a', '-a', '+large']);
    expect(cache.bytes).toBe(400);
  });

  test('that fail are not kept, and are tried again', async () => {
    const { log, engine } = watched();
    const cache = new ProgramCache(engine, 100);
    const failing = () => cache.get('x', () => graphOf('broken', 40));
    await expect(failing()).rejects.toThrow('no such operator');
    await expect(failing()).rejects.toThrow('no such operator');
    expect(log).toEqual(['+broken', '+broken']);
    expect(cache.bytes).toBe(0);
  });

  test('are disposed of in the end', async () => {
    const { log, engine } = watched();
    const cache = new ProgramCache(engine, 100);
    for (const name of ['a', 'b']) await cache.get(name, () => graphOf(name, 8));
    await cache.close();
    await cache.close();
    expect(log).toEqual(['+a', '+b', '-a', '-b']);
    expect(cache.bytes).toBe(0);
    await cache.get('a', () => graphOf('a', 8));
    expect(log.at(-1)).toBe('+a');
  });
});
