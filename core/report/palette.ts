/**
 * Colours of the report. Figures name them as CSS variables, so that one figure serves light and dark. The categorical
 * ones follow Okabe and Ito's colour-blind-safe set ("Color Universal Design", 2008), darkened for white paper and
 * lightened for a dark page; marker shape and dash tell networks apart without any colour.
 */
export const categorical = [
  { light: '#0b67a8', dark: '#5fb7f2' },
  { light: '#c4501b', dark: '#ff9466' },
  { light: '#08835e', dark: '#45cf9f' },
  { light: '#a34a8b', dark: '#e8a0d6' },
  { light: '#9a6f00', dark: '#ecbf4a' },
  { light: '#4a4f57', dark: '#c9ced6' },
  { light: '#3d9cc9', dark: '#a5e0ff' },
  { light: '#7d2f35', dark: '#e08b8b' },
] as const;

export const shapes = ['circle', 'square', 'triangle-up', 'diamond', 'cross', 'triangle-down'] as const;
export type Shape = (typeof shapes)[number];

/** Outline of each shape around the origin, some 8 units across, for legends. */
export const shapePaths: Readonly<Record<Shape, string>> = {
  circle: 'M4 0A4 4 0 1 1-4 0A4 4 0 1 1 4 0Z',
  square: 'M-3.5-3.5H3.5V3.5H-3.5Z',
  'triangle-up': 'M0-4.2L4.2 3.4H-4.2Z',
  diamond: 'M0-4.8L4 0L0 4.8L-4 0Z',
  cross: 'M-1.4-4.2H1.4V-1.4H4.2V1.4H1.4V4.2H-1.4V1.4H-4.2V-1.4H-1.4Z',
  'triangle-down': 'M0 4.2L4.2-3.4H-4.2Z',
};

const dashes = [[], [6, 3], [2, 2.5], [8, 3, 2, 3]] as const;

/** How a network looks, everywhere in the report. */
export interface Look {
  readonly color: string;
  readonly shape: Shape;
  readonly dash: readonly number[];
}

/** The look of the network at a place in the study's order. */
export function lookAt(index: number): Look {
  return {
    color: `var(--m${index % categorical.length})`,
    shape: shapes[index % shapes.length] ?? 'circle',
    dash: dashes[(index + Math.floor(index / dashes.length)) % dashes.length] ?? [],
  };
}

/**
 * Colours of pictures, as red, green and blue. Size shows as opacity over the page, zero is clear, so pictures too serve
 * light and dark. Blue for positive and orange for negative stay apart for every kind of colour vision.
 */
export const positive = [43, 127, 214] as const;
export const negative = [226, 112, 32] as const;
