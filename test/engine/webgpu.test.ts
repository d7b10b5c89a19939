import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** SwiftShader, a Vulkan driver that needs no GPU, with a Vulkan loader beside it: Debian's package `chromium` brings both. */
const folder = '/usr/lib/chromium';
const driver = path.join(folder, 'vk_swiftshader_icd.json');
const here = existsSync(driver);
if (!here) console.warn(`SKIPPED: no ${driver}, so nothing is run on WebGPU (Debian: apt-get install chromium)`);

const root = fileURLToPath(new URL('../..', import.meta.url));

// Drivers and libraries are looked for when a process starts, so these tests have a process of their own.
test.skipIf(!here)(
  'onnxruntime on webgpu passes webgpu.device.ts',
  () => {
    const runtime = mkdtempSync(path.join(tmpdir(), 'percuss-xdg-'));
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [path.join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--config', 'vitest.device.config.ts'],
      {
        cwd: root,
        encoding: 'utf8',
        timeout: 240_000,
        env: {
          ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST'))),
          NO_COLOR: '1',
          LD_LIBRARY_PATH: folder,
          VK_DRIVER_FILES: driver,
          VK_ICD_FILENAMES: driver,
          XDG_RUNTIME_DIR: runtime,
        },
      },
    );
    rmSync(runtime, { recursive: true });
    if (status !== 0) expect.fail(`${stdout.slice(-6_000)}\n${stderr.slice(-2_000)}`);
    expect(stdout).toMatch(/Tests\s+5\d\d passed/);
  },
  250_000,
);
