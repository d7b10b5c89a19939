import { readFileSync, writeFileSync } from 'node:fs';
import { style } from '../core/report/style.js';

/**
 * One figure of a report as an SVG file that stands alone, panels side by side, light and dark as its reader wishes:
 * `node dist/experiments/figure.js REPORT.html FIGURE-ID FILE.svg`.
 */
const [report = '', id = '', out = ''] = process.argv.slice(2);
const page = readFileSync(report, 'utf8');
const figure = new RegExp(`<figure id="${id}">[\\s\\S]*?</figure>`).exec(page)?.[0];
if (figure === undefined) {
  const ids = [...page.matchAll(/<figure id="([^"]+)">/g)].map((match) => match[1]);
  throw new Error(`${report} has no figure ${id}; it has ${ids.join(', ')}`);
}
const headHeight = 52;
const gap = 16;
writeFileSync(out, standalone(figure));

function standalone(html: string): string {
  const panels = [...html.matchAll(/<div class="panel">\s*(?:<h4>([^<]*)<\/h4>)?\s*(<svg[\s\S]*?<\/svg>)/g)].map(
    ([, title = '', svg = '']) => {
      const [, width = '0', height = '0'] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg) ?? [];
      return { title, svg, width: Number(width), height: Number(height) };
    },
  );
  const legend = [...html.matchAll(/<li>(<svg[\s\S]*?<\/svg>)<span>([^<]*)<\/span><\/li>/g)];
  const height = headHeight + Math.max(...panels.map((panel) => panel.height));
  let x = 0;
  const drawn = panels.map((panel) => {
    const at = x;
    x += panel.width + gap;
    const opened = panel.svg.replace(
      /^<svg[^>]*>/,
      `<svg x="${at}" y="${headHeight}" width="${panel.width}" height="${panel.height}">`,
    );
    return `<text x="${at + 66}" y="${headHeight - 6}" font-size="13" font-weight="600" fill="var(--ink)">${panel.title}</text>${opened}`;
  });
  let from = 66;
  const items = legend.map(([, swatch = '', label = '']) => {
    const at = from;
    from += 60 + 7 * label.length;
    const opened = swatch.replace(/^<svg[^>]*>/, `<svg x="${at}" y="8" width="30" height="12" viewBox="-15 -6 30 12">`);
    return `${opened}<text x="${at + 36}" y="18" font-size="12" fill="var(--ink)">${label}</text>`;
  });
  const width = Math.max(from, x);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif"><style>${colours()}</style>${items.join('')}${drawn.join('')}</svg>\n`;
}

/** The report's colours, for an SVG's root. */
function colours(): string {
  const [light = '', dark = ''] = [...style.matchAll(/--page:[^}]*/g)].map(([text]) => text);
  return `svg{${light}}@media (prefers-color-scheme:dark){svg{${dark}}}`;
}
