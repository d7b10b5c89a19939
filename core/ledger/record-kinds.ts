import { z } from 'zod';
import type { Key } from '../store/object-store.js';
import { sha256 } from '../digest.js';
import { isKey } from '../store/key.js';
import { count, digest, label, modelName, name, numericMode, resolvedStudy } from './study-schema.js';

/** One kind of record: where it lies, and what may stand there. */
interface RecordKind {
  /** For messages. */
  readonly what: string;
  /** Keys of this kind; what is in parentheses is handed to `own`. */
  readonly form: RegExp;
  readonly schema: z.ZodType;
  /** What is wrong with a record of the right form under this key; undefined if it belongs there. */
  readonly own?: (value: never, parts: readonly string[]) => string | undefined;
}

const ref = z.object({ key: z.string().refine(isKey, 'is no key'), sha256: digest });
const names = z.string().regex(/^[a-z][a-z0-9_]{0,60}$/, 'cannot name a table');

/** Pairs of ascending indices; looped over rather than described, since a stage has a hundred thousand of them. */
const ranges = z.custom<readonly (readonly [number, number])[]>((value) => {
  if (!Array.isArray(value)) return false;
  let last = 0;
  for (const range of value) {
    if (!Array.isArray(range) || range.length !== 2) return false;
    const [from, to] = range as readonly unknown[];
    if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) return false;
    if ((from as number) < last || (to as number) <= (from as number)) return false;
    last = to as number;
  }
  return true;
}, 'are no ranges');

const numbers = z.custom<readonly number[]>(
  (value) => Array.isArray(value) && value.every((item) => item === null || typeof item === 'number'),
  'is no list of numbers',
);
const scores = z.record(label, numbers);
const extents = z.record(
  label,
  z.object({
    images: z.number().int().min(1),
    positions: z.number().int().min(1),
    state: z.enum(['open', 'resolved', 'budget']),
  }),
);
const group = z.object({
  kind: z.enum(['profile', 'moments', 'optima', 'baseline', 'gradients', 'predictions', 'cells', 'responses', 'nulls']),
  model: modelName,
  // Also of what orders an ablation: `by-damage (order)`.
  name: label,
  chunk: z.number().int().min(-1),
  missing: ranges,
  seconds: z.number(),
});

const choice = z.object({
  chosen: numericMode,
  machine: z.string().max(2_000),
  measured: z.array(
    z.object({
      mode: numericMode,
      provenance: z.object({ engine: label, version: label, device: label, processor: label }),
      processes: count,
      networks: z.array(z.object({ name: label, imagesPerSecond: z.number() })),
    }),
  ),
});

const latest = z.object({
  state: z.literal('complete'),
  percuss: label,
  failed: count,
  outputs: z.object({ report: ref, summary: ref, tables: z.record(names, ref) }),
});

const id = '([0-9a-f]{64})';
const kinds: readonly RecordKind[] = [
  {
    what: 'the root of a study',
    form: new RegExp(`^roots/${id}\\.json$`),
    schema: z.object({
      id: digest,
      study: name,
      created: z.string().regex(/^\d{4}-\d\d-\d\dT[\d:.]{8,20}Z$/, 'is no time'),
    }),
    own: (root: { readonly id: string }, [study]) =>
      root.id === study ? undefined : `it is about study ${root.id.slice(0, 12)}`,
  },
  { what: 'a study', form: new RegExp(`^studies/${id}/study\\.json$`), schema: resolvedStudy },
  { what: 'a numeric mode', form: new RegExp(`^studies/${id}/decisions/mode\\.json$`), schema: numericMode },
  { what: 'the choice of a numeric mode', form: new RegExp(`^studies/${id}/decisions/choice\\.json$`), schema: choice },
  {
    what: 'the choice of a numeric mode for a kind of machine',
    form: new RegExp(`^machines/${id}\\.json$`),
    schema: choice,
    own: ({ machine }: z.infer<typeof choice>, [digestOfName]) =>
      sha256(machine) === digestOfName ? undefined : `it is about ${machine}`,
  },
  {
    what: 'a preview',
    form: new RegExp(`^studies/${id}/decisions/preview-[0-9a-f]{64}\\.json$`),
    schema: z.object({ preview: digest, preview_checks: digest }),
  },
  { what: 'a spec as written', form: new RegExp(`^studies/${id}/decisions/yaml\\.json$`), schema: z.string() },
  {
    what: 'the latest outputs of a study',
    form: new RegExp(`^studies/${id}/latest/\\d{9,15}\\.json$`),
    schema: latest,
    own: ({ outputs }: z.infer<typeof latest>, [study]) => {
      const elsewhere = [outputs.report, outputs.summary, ...Object.values(outputs.tables)].find(
        ({ key }) => !key.startsWith(`studies/${study}/`),
      );
      return elsewhere && `it names ${elsewhere.key}, which is no output of this study`;
    },
  },
  {
    what: 'a submission of a study',
    form: new RegExp(`^studies/${id}/submissions/(\\d{6,15})\\.json$`),
    schema: z.object({ number: z.number().int().min(1) }),
    own: ({ number }: { readonly number: number }, [, ordinal]) =>
      number === Number(ordinal) ? undefined : `it calls itself number ${number}`,
  },
  {
    what: 'an order that results decided',
    form: new RegExp(`^stages/${id}/000002\\.json$`),
    schema: z.object({ scores, read: digest }),
  },
  {
    what: 'a decision on waves',
    form: new RegExp(`^stages/${id}/(?!00000[012])\\d{6,15}\\.json$`),
    schema: z.object({
      advance: z.record(label, z.array(z.tuple([count, ranges]))),
      extents: extents.optional(),
      read: digest,
    }),
  },
  {
    what: 'a list of failures',
    form: new RegExp(`^failures/${id}/\\d{6,15}/${id}\\.json$`),
    schema: z.array(z.object({ key: digest, code: label, message: z.string() })),
  },
  {
    what: 'a planned stage',
    form: new RegExp(`^plans/${id}\\.json$`),
    schema: z.object({ index: count, groups: z.array(group), scores, extents: extents.optional() }),
  },
  {
    what: 'an analysis',
    form: new RegExp(`^analyses/${id}\\.json$`),
    schema: z.object({ tables: z.record(names, z.object({ rows: count, sha256: digest })) }),
  },
];

/** Whether a key is one of any kind of record. */
export function isRecordKey(key: Key): boolean {
  return kinds.some(({ form }) => form.test(key));
}

/**
 * What is wrong with a record under a key: the key is of no kind, the value has not the form of its kind, or it belongs under
 * another key. Undefined if nothing is. The value itself is what is used then: a schema says what must be there, not what may.
 */
export function recordProblem(key: Key, value: unknown): string | undefined {
  for (const { what, form, schema, own } of kinds) {
    const match = form.exec(key);
    if (!match) continue;
    const checked = schema.safeParse(value);
    if (checked.success) return own?.(value as never, match.slice(1));
    const [issue] = checked.error.issues;
    const place = (issue?.path ?? []).slice(0, 8).join('.').slice(0, 100);
    return `it is not ${what} (${place === '' ? '' : `${place}: `}${(issue?.message ?? '').slice(0, 200)})`;
  }
  return 'its key is not one that percuss gives';
}
