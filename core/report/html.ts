import { visible } from '../visible.js';

/** Markup that may stand in the report as it is. Made by `html` and `markup` only. */
export class Html {
  constructor(readonly text: string) {}
}

/** What `html` takes: text is escaped, markup and lists of it are kept, null leaves nothing. */
export type Content = Html | string | number | null | readonly Content[];

/** Characters that mean something in HTML, made harmless; those that a browser might hide, or reorder others by, shown. */
export function escapeHtml(text: string): string {
  return visible(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

function render(content: Content): string {
  if (content === null) return '';
  if (content instanceof Html) return content.text;
  if (typeof content === 'string') return escapeHtml(content);
  if (typeof content === 'number') return escapeHtml(String(content));
  return content.map(render).join('');
}

/** Markup with its holes filled; whatever is not markup already is escaped. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(strings.map((part, i) => part + (i < values.length ? render(values[i] ?? null) : '')).join(''));
}

/** Declares text to be markup: for what other parts of this room have made. */
export function markup(text: string): Html {
  return new Html(text);
}
