import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const python = process.env['PERCUSS_PYTHON'] ?? 'python3';
const percuss = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const page = readFileSync(new URL('../../docs/export.md', import.meta.url), 'utf8');

interface Recipe {
  readonly title: string;
  readonly blocks: readonly { readonly language: string; readonly text: string }[];
}

const recipes: readonly Recipe[] = page
  .split(/^## /m)
  .slice(1)
  .map((section) => ({
    title: section.slice(0, section.indexOf('\n')),
    blocks: [...section.matchAll(/^```(\w+)\n(.*?)^```/gms)].map(([, language = '', text = '']) => ({
      language,
      text,
    })),
  }));

/** Published weights would be downloaded: the same networks with drawn ones, normalisations included. */
const drawn: Readonly<Record<string, string>> = {
  torch: `
    torch.manual_seed(0)
    for part in model.modules():
        if isinstance(part, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(part.weight)
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.normal_(0, 0.1); part.running_var.uniform_(0.5, 1.5)
            torch.nn.init.uniform_(part.weight, 0.5, 1.5); torch.nn.init.normal_(part.bias, 0, 0.1)`,
  keras: `
    _rng = np.random.default_rng(0)
    def _drawn(w):
        fan = np.prod(w.shape[:-1] if w.shape[-1:] != (1,) else w.shape[:2])
        return _rng.uniform(0.5, 1.5, w.shape) if w.ndim == 1 else _rng.normal(0, (2 / fan) ** 0.5, w.shape) if w.ndim else w
    model.set_weights([_drawn(w) for w in model.get_weights()])`,
};

function offline(code: string): string {
  const plain = code
    .replace(/weights="(?:DEFAULT|imagenet)"/, 'weights=None')
    .replace('pretrained=True', 'pretrained=False');
  const more = (drawn[/keras/.test(code) ? 'keras' : 'torch'] as string).replaceAll('\n    ', '\n');
  const changed = plain.replace(/^model = .*$/m, (line) => `${line}${more}`);
  expect(plain).not.toBe(code);
  expect(changed).not.toBe(plain);
  return changed;
}

/** The packages that a recipe's `pip install` names and that are not there. */
async function missing({ blocks }: Recipe): Promise<readonly string[]> {
  const names = blocks.flatMap(({ text }) => /^pip install (.*)$/m.exec(text)?.[1]?.split(' ') ?? []);
  const look = `import importlib.util, sys; print(*[n for n in sys.argv[1:] if importlib.util.find_spec(n) is None])`;
  try {
    const { stdout } = await run(python, ['-c', look, ...names]);
    return stdout.trim() === '' ? [] : stdout.trim().split(' ');
  } catch {
    return [python];
  }
}

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

describe('what docs/export.md says is done as it stands there, and gives the numbers of the library', () => {
  test.for(recipes)('$title', { timeout: 600_000 }, async (recipe, { skip }) => {
    const absent = await missing(recipe);
    if (absent.length > 0) {
      console.warn(
        `skipped: ${recipe.title}: without ${absent.join(', ')} (PERCUSS_PYTHON names a Python that has it)`,
      );
      skip();
    }
    const cwd = mkdtempSync(path.join(tmpdir(), 'percuss-export-'));
    folders.push(cwd);
    const checks: string[] = [];
    for (const { language, text } of recipe.blocks) {
      if (language === 'python') await run(python, ['-W', 'ignore', '-c', offline(text)], { cwd, maxBuffer: 2 ** 26 });
      if (language !== 'sh') continue;
      for (const line of text.trim().split('\n')) {
        const [command = '', ...words] = line.split(/ +/);
        if (command === 'percuss') checks.push((await run('node', [percuss, ...words], { cwd })).stdout);
        else if (command === 'tensorflowjs_converter')
          await run(path.join(path.dirname(python), command), words, { cwd, maxBuffer: 2 ** 26 });
        else expect(line).toMatch(/^pip install /);
      }
    }
    expect(checks).toHaveLength(1);
    expect(checks[0]).toMatch(/^agrees: /);
    // Outputs that do not differ prove nothing.
    const vary =
      'import numpy as np; y = np.load("outputs.npy"); print(float(np.abs(y - y.mean(0)).max() / np.abs(y).max()))';
    expect(Number((await run(python, ['-c', vary], { cwd })).stdout)).toBeGreaterThan(1e-3);
  });
});
