import { architectureOf } from '../training-name.js';
import { lookSwatch, type LegendItem } from './figure.js';
import type { ReportInput } from './input.js';
import { percent } from './number-format.js';
import { lookAt, type Look } from './palette.js';

/** What every section works with. */
export interface ReportContext {
  readonly input: ReportInput;
  /** Networks in the order of the study, whether or not they have results. */
  readonly models: readonly string[];
  readonly look: (model: string) => Look;
  /** `95 %`. */
  readonly level: string;
  /** Legend entries of these networks, or of all. */
  readonly legend: (models?: readonly string[]) => LegendItem[];
  /** Vega-Lite encodings that give each network its look. */
  readonly color: { readonly field: 'model'; readonly type: 'nominal'; readonly scale: object; readonly legend: null };
  readonly shape: { readonly field: 'model'; readonly type: 'nominal'; readonly scale: object; readonly legend: null };
  readonly dash: { readonly field: 'model'; readonly type: 'nominal'; readonly scale: object; readonly legend: null };
}

export function contextOf(input: ReportInput): ReportContext {
  const models = unique([
    ...input.study.models.map((model) => model.name),
    ...input.tables.models.map((row) => row.model),
    ...input.tables.curves.map((row) => row.model),
  ]);
  // Trainings of an architecture look alike, so that what belongs together is seen, and many of them have looks enough.
  const architectures = unique(models.map(architectureOf));
  const looks = new Map(models.map((model) => [model, lookAt(architectures.indexOf(architectureOf(model)))]));
  const look = (model: string): Look => looks.get(model) ?? lookAt(models.length);
  const encoding = (range: (model: string) => unknown) => ({
    field: 'model' as const,
    type: 'nominal' as const,
    scale: { domain: [...models], range: models.map(range) },
    legend: null,
  });
  return {
    input,
    models,
    look,
    level: percent(input.study.analysis.confidence).replace('.0', ''),
    legend: (some = models) =>
      [
        ...grouped(
          models.filter((model) => some.includes(model)),
          architectureOf,
        ),
      ].map(([architecture, [model = architecture, ...others]]) => ({
        label: others.length === 0 ? model : `${architecture} (${others.length + 1} trainings)`,
        swatch: lookSwatch(look(model)),
      })),
    color: encoding((model) => look(model).color),
    shape: encoding((model) => look(model).shape),
    dash: encoding((model) => [...look(model).dash]),
  };
}

/** Distinct items in order of their first appearance. */
export function unique<T>(items: Iterable<T>): T[] {
  return [...new Set(items)];
}

/** Items by key, keys in order of their first appearance. */
export function grouped<T>(items: Iterable<T>, key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

/** True for numbers, false for null. */
export function present(value: number | null | undefined): value is number {
  return value !== null && value !== undefined;
}
