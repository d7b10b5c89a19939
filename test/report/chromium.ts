import packed from '@sparticuz/chromium';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Readable, Writable } from 'node:stream';

/** How a page is looked at. Widths are those of a phone and of a desktop. */
export interface Look {
  readonly width: number;
  readonly scheme: 'light' | 'dark';
}

export const looks: readonly Look[] = [390, 1280].flatMap((width) =>
  (['light', 'dark'] as const).map((scheme) => ({ width, scheme })),
);

/** What the browser saw. */
export interface Sight {
  /** The whole page, if asked for. */
  readonly png: Uint8Array | undefined;
  /** Colour of the page. */
  readonly background: string;
  /** CSS pixels of the page; wider than the look means that something overflows. */
  readonly pageWidth: number;
  readonly pageHeight: number;
  /** Elements outside scrolling boxes that stick out to the right. */
  readonly overflowing: readonly string[];
  /** Everything that the page asked for besides itself and data URLs. */
  readonly requests: readonly string[];
  /** Errors of scripts. */
  readonly errors: readonly string[];
  /** What the expression gave that was asked for. */
  readonly found: unknown;
}

/** The Chromium that the dev dependencies bring for Linux on x64; elsewhere that of the machine, or undefined. */
export async function chromiumPath(): Promise<string | undefined> {
  if (process.platform === 'linux' && process.arch === 'x64') return packed.executablePath();
  for (const name of ['chromium', 'chromium-browser', 'google-chrome', 'chrome']) {
    try {
      return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    } catch {
      continue;
    }
  }
  return undefined;
}

const findOverflow = `JSON.stringify({
  width: document.documentElement.scrollWidth,
  height: document.documentElement.scrollHeight,
  background: getComputedStyle(document.body).backgroundColor,
  overflowing: [...document.querySelectorAll('body *')].filter((e) => !e.closest('.scroll, pre, .pictures, .skip') &&
    e.getBoundingClientRect().right > innerWidth + 0.5).map((e) => e.tagName + '.' + e.getAttribute('class')).slice(0, 10),
})`;

/** Looks at a page in headless Chromium, through the DevTools protocol on pipes: no port, no network. */
export async function lookAt(
  chromium: string,
  file: string,
  views: readonly Look[],
  options: { readonly pictures: boolean; readonly expression?: string },
): Promise<Sight[]> {
  const profile = await mkdtemp(join(tmpdir(), 'percuss-chromium-'));
  const browser = spawn(
    chromium,
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--hide-scrollbars',
      `--user-data-dir=${profile}`,
      '--remote-debugging-pipe',
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
  );
  try {
    const client = connect(browser);
    const { targetId } = await client.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await client.send('Target.attachToTarget', { targetId, flatten: true });
    const send = (method: string, params: object = {}) => client.send(method, params, String(sessionId));
    await send('Page.enable');
    await send('Network.enable');
    await send('Log.enable');
    await send('Runtime.enable');
    const sights: Sight[] = [];
    for (const { width, scheme } of views) {
      client.events.length = 0;
      await send('Emulation.setDeviceMetricsOverride', {
        width,
        height: 900,
        deviceScaleFactor: 1,
        mobile: width < 600,
      });
      await send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
      await send('Page.navigate', { url: pathToFileURL(file).href });
      await client.until('Page.loadEventFired');
      const found = options.expression && (await evaluated(send, options.expression));
      const { result } = await send('Runtime.evaluate', { expression: findOverflow });
      const measured = JSON.parse((result as { value: string }).value) as {
        width: number;
        height: number;
        background: string;
        overflowing: string[];
      };
      const captured = options.pictures
        ? await send('Page.captureScreenshot', {
            captureBeyondViewport: true,
            clip: { x: 0, y: 0, width: Math.max(width, measured.width), height: measured.height, scale: 1 },
          })
        : undefined;
      sights.push({
        found,
        png: captured && Buffer.from(String(captured['data']), 'base64'),
        background: measured.background,
        pageWidth: measured.width,
        pageHeight: measured.height,
        overflowing: measured.overflowing,
        requests: client.events
          .filter((event) => event.method === 'Network.requestWillBeSent')
          .map((event) => (event.params['request'] as { url: string }).url)
          .filter((url) => !url.startsWith('data:') && url !== pathToFileURL(file).href),
        // What the report's own policy forbids is told in the log, as an error.
        errors: client.events
          .filter(
            ({ method, params }) =>
              method === 'Runtime.exceptionThrown' ||
              (method === 'Log.entryAdded' && (params['entry'] as { level: string }).level === 'error'),
          )
          .map((event) => JSON.stringify(event.params)),
      });
    }
    return sights;
  } finally {
    const gone = once(browser, 'exit');
    if (browser.exitCode === null) browser.kill('SIGKILL');
    await gone;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The value of an expression in the page, awaited. */
async function evaluated(
  send: (method: string, params?: object) => Promise<Record<string, unknown>>,
  expression: string,
): Promise<unknown> {
  const given = await send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
  if (given['exceptionDetails']) throw new Error(JSON.stringify(given['exceptionDetails']));
  return (given['result'] as { value: unknown }).value;
}

interface DevToolsEvent {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** The DevTools protocol: JSON messages, each ended by a NUL byte, out on descriptor 3 and in on 4. */
function connect(browser: ChildProcess) {
  const out = browser.stdio[3] as Writable;
  const into = browser.stdio[4] as Readable;
  const events: DevToolsEvent[] = [];
  const waiting = new Map<
    number,
    { resolve: (result: Record<string, unknown>) => void; reject: (error: Error) => void }
  >();
  const listeners = new Set<() => void>();
  let next = 0;
  let parts: Buffer[] = [];
  into.on('data', (bytes: Buffer) => {
    let from = 0;
    for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, from)) {
      const text = Buffer.concat([...parts, bytes.subarray(from, end)]).toString('utf8');
      parts = [];
      from = end + 1;
      const message = JSON.parse(text) as {
        id?: number;
        result?: Record<string, unknown>;
        error?: { message: string };
      } & DevToolsEvent;
      if (message.id === undefined) {
        events.push(message);
        for (const listener of listeners) listener();
      } else if (message.error) waiting.get(message.id)?.reject(new Error(message.error.message));
      else waiting.get(message.id)?.resolve(message.result ?? {});
    }
    parts.push(bytes.subarray(from));
  });
  browser.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('Chromium ended'));
  });
  const send = (method: string, params: object, sessionId?: string): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => {
      const id = ++next;
      waiting.set(id, { resolve, reject });
      out.write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`);
    });
  const until = (method: string): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!events.some((event) => event.method === method)) return;
        listeners.delete(check);
        resolve();
      };
      listeners.add(check);
      check();
    });
  return { send, until, events };
}
