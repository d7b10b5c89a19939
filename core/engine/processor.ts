import { readFile } from 'node:fs/promises';
import { arch, cpus } from 'node:os';

/** Instruction sets by which numeric libraries choose their code, widest first. */
const telling = [
  'amx_tile',
  'avx512_bf16',
  'avx512_vnni',
  'avx512f',
  'avx_vnni',
  'avx2',
  'fma',
  'avx',
  'sve',
  'asimddp',
  'asimd',
];

/** The processor's class, as far as it selects code paths: `x64 avx512f avx2 fma avx`; its model where flags are unknown. */
export async function processorClass(): Promise<string> {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const info = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const flags = new Set(/^(?:flags|Features)\s*:\s*(.*)$/m.exec(info)?.[1]?.split(/\s+/) ?? []);
  const found = telling.filter((name) => flags.has(name));
  return [arch(), ...(found.length > 0 ? found : [model])].join(' ');
}
