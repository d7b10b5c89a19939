import { spawn } from '@lydell/node-pty';
import { afterAll, describe, expect, test } from 'vitest';
import { cellFiles, main, onlyKernels, tinySpec, until, Workplace } from './percuss.js';
import { hasSharedData } from '../builders/shared-data.js';

if (!hasSharedData) console.warn('terminals are not tested on a study: ../shared/data is absent');

const cursor = { hidden: '\u001b[?25l', shown: '\u001b[?25h' };
const wrapping = { off: '\u001b[?7l', on: '\u001b[?7h' };

/** A command in a terminal of its own, as a person has it. */
class Screen {
  said = '';
  readonly ended: Promise<number>;
  readonly #pty: ReturnType<typeof spawn>;

  constructor(place: Workplace, args: readonly string[]) {
    const env = Object.fromEntries(
      Object.entries(place.environment()).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    // The shell outlives the signals, and shows how the terminal is left.
    const line = 'trap : INT TERM; "$0" "$@"; code=$?; stty -a; echo "ended with $code"';
    this.#pty = spawn('/bin/sh', ['-c', line, process.execPath, main, ...args], { cwd: place.folder, env, cols: 100 });
    this.#pty.onData((part) => (this.said += part));
    this.ended = new Promise((resolve) =>
      this.#pty.onExit(() => resolve(Number(/ended with (\d+)/.exec(this.said)?.[1] ?? -1))),
    );
  }

  /** Ctrl-C, as a key: the terminal makes it a signal to everything that runs in it. */
  press(key = '\u0003'): void {
    this.#pty.write(key);
  }

  async until(holds: () => boolean): Promise<void> {
    let over = false;
    void this.ended.then(() => (over = true));
    await until(() => {
      if (over && !holds()) throw new Error(`it never came to be; the terminal shows:\n${this.said}`);
      return holds();
    });
  }
}

function expectRestored({ said }: Screen): void {
  // The command's own bytes: the shell writes none of these.
  const hides = said.lastIndexOf(cursor.hidden);
  if (hides >= 0) expect(said.lastIndexOf(cursor.shown)).toBeGreaterThan(hides);
  const unwraps = said.lastIndexOf(wrapping.off);
  if (unwraps >= 0) expect(said.lastIndexOf(wrapping.on)).toBeGreaterThan(unwraps);
  expect(said).toMatch(/[ ;]icanon/);
  expect(said).toMatch(/[ ;]echo[ ;]/);
  expect(said).not.toMatch(/^\s+at .*\.js:\d+/m);
}

describe.skipIf(!hasSharedData || process.platform !== 'linux')(
  'a terminal has its cursor and its line wrapping back',
  { timeout: 300_000 },
  () => {
    const place = new Workplace();
    const spec = place.spec('screen', tinySpec('screen', { images: 500 }));
    const begun = (screen: Screen) => (): boolean => screen.said.includes(cursor.hidden);
    afterAll(() => place.close());

    test('after a mistake', async () => {
      const screen = new Screen(place, ['validate', 'absent.yaml']);
      expect(await screen.ended).toBe(2);
      expectRestored(screen);
    });

    test('after an error while bars are shown', async () => {
      const wrong = place.spec('wrong', tinySpec('wrong').replace('order: kl', 'order: nothing-like-it'));
      const lost = place.spec('lost', tinySpec('lost').replace('cifar10_train_0000-1999.bin', 'absent.bin'));
      for (const file of [wrong, lost]) {
        const screen = new Screen(place, ['run', file, '--in-process', '--store', place.path('errors')]);
        expect(await screen.ended).toBe(2);
        expectRestored(screen);
      }
    });

    test.each([
      ['run', ['--in-process']],
      ['run', []],
      ['baseline', []],
      ['validate', []],
      ['plan', []],
    ])('after Ctrl-C while %s %j reads', async (verb, options) => {
      const screen = new Screen(place, [verb, spec, ...options]);
      await screen.until(begun(screen));
      screen.press();
      expect(await screen.ended, screen.said).toBe(130);
      expectRestored(screen);
      expect(screen.said).toMatch(/nterrupted/);
    });

    test.each([
      ['once', 1],
      ['twice', 2],
    ])('after Ctrl-C %s while cells are computed, and no process is left', async (times, presses) => {
      const store = place.path(`store-${times}`);
      const screen = new Screen(place, ['run', spec, '--in-process', '--store', store]);
      await screen.until(() => cellFiles(store).length > 2);
      screen.press();
      if (presses > 1) {
        await screen.until(() => screen.said.includes('Interrupted'));
        await new Promise((resolve) => setTimeout(resolve, 150));
        screen.press();
      }
      expect(await screen.ended, screen.said).toBe(130);
      expectRestored(screen);
      expect(screen.said).toContain(`percuss run ${spec} --in-process --store ${store}`);
      expect(await place.deserted()).toEqual([]);
    });

    test('after SIGTERM, and after success', async () => {
      const few = place.spec('few', onlyKernels(tinySpec('few')).replace(/^ {2}top: .*\n/m, ''));
      const args = ['run', few, '--in-process', '--store', place.path('few')];
      const ended = new Screen(place, args);
      await ended.until(begun(ended));
      for (const { pid } of place.relatives(/cli\/main\.js run/)) {
        try {
          process.kill(pid, 'SIGTERM');
        } catch {
          // It ended by itself.
        }
      }
      expect(await ended.ended, ended.said).toBe(130);
      expectRestored(ended);
      const whole = new Screen(place, args);
      expect(await whole.ended, whole.said).toBe(0);
      expectRestored(whole);
      expect(whole.said).toContain(cursor.shown);
      expect(whole.said).toMatch(/few: \d+ units computed, 0 taken from the store, 0 failed/);
    });
  },
);
