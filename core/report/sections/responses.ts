import { grouped, type ReportContext } from '../context.js';
import { absent } from '../absent.js';
import { rampLegend, type Block, type Section } from '../figure.js';
import { html } from '../html.js';
import type { ResponsePicture } from '../input.js';
import { significant } from '../number-format.js';
import { rasterUrl } from '../raster.js';

/** Response pictures of chosen kernels at increasing depth. */
export function responses(context: ReportContext): Section {
  const section = { id: 'responses', title: 'Responses to a unit impulse' };
  const groups = grouped(context.input.pictures, (picture) => JSON.stringify([picture.model, picture.impulse]));
  if (groups.size === 0) {
    return absent(section, { needs: html`<code>keep: responses</code> to impulses, or impulses on a flat base` });
  }
  const panels = [...groups.values()].flatMap((pictures) => {
    const [first] = pictures;
    if (first === undefined) return [];
    const ordered = pictures.toSorted((a, b) => a.depth - b.depth || a.channel - b.channel);
    return [
      { title: `${first.model} · ${first.impulse}`, body: html`<div class="pictures">${ordered.map(picture)}</div>` },
    ];
  });
  const figure: Block = {
    kind: 'figure',
    id: 'fig-responses',
    title: 'How one impulse travels through a network.',
    panels,
    key: rampLegend('diverging', 'Response r(a, c, p), in activation units', ['−max |r|', '0', '+max |r|']),
    legend: [],
    note: 'The change that one impulse at the input makes in one channel of a site, over its whole map, from the first sites to the last; axes are rows and columns of the map. Each picture has its own scale, written beneath it as max |r|.',
    reading:
      'From picture to picture the patch grows with the receptive field while the map becomes coarser: patches that look alike at different depths are what the long-range matrix counts.',
  };
  return { ...section, blocks: [figure] };
}

function picture({ site, channel, depth, height, width, values }: ResponsePicture) {
  let limit = 0;
  for (const value of values) if (Number.isFinite(value)) limit = Math.max(limit, Math.abs(value));
  const isFinite = values.every(Number.isFinite);
  const label = `response of ${site}, channel ${channel}, ${height} by ${width} positions`;
  return html`<div class="picture">
    <img src="${rasterUrl(values, height, width, limit)}" width="${width}" height="${height}" alt="${label}" />
    <p>
      <b>depth ${depth}</b> <span class="site">${site}</span> ch. ${channel}<br />${height} × ${width}<br />max |r|
      ${limit === 0 && isFinite ? '0: silent' : significant(limit, 2)}${isFinite ? '' : ', elsewhere not finite'}
    </p>
  </div>`;
}
