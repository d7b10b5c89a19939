import { z } from 'zod';
import { limits } from '../limits.js';
import { networkFormatNames } from '../import/network-formats.js';
import { devicesOf, engineNames } from '../numeric-mode.js';
import { isModelName, isName } from '../spec/value.js';
import { vocabulary } from '../spec/vocabulary.js';
import { madeNulls, type MadeNullName } from '../spec/words/nulls.js';
import { wordsOf } from '../word-table.js';

/** SHA-256 in hexadecimal digits. */
export const digest = z.string().regex(/^[0-9a-f]{64}$/, 'is no SHA-256');
/** What a spec may call a study, a network, an image set: it stands in names of folders, too. */
export const name = z.string().refine(isName, 'cannot serve as a name');
/** What a network is called: as it is in a spec, or as one of several trainings. */
export const modelName = z.string().refine(isModelName, 'cannot serve as a name of a network');
/** Any other text that is shown or compared, but names no file. */
export const label = z.string().max(1_000);
export const count = z.number().int().min(0);

const positive = z.number().int().min(1);
const finite = z.number();
const list = z.array(label);

export const numericMode = z
  .object({ engine: z.enum(engineNames), precision: z.enum(['float32', 'float64']), device: label })
  .refine(({ engine, device }) => (devicesOf(engine) as readonly string[]).includes(device), 'is no device of it');

const chunk = z.object({ digest, images: positive });

const data = z.object({
  name,
  shape: z.array(positive).min(1).max(4),
  classes: list.nullable(),
  chunks: z.array(chunk),
  waves: z.array(z.array(chunk)).optional(),
  trial: chunk.optional(),
});

const model = z.object({
  name: modelName,
  content: digest,
  format: z.enum(networkFormatNames),
  files: z.array(z.object({ name: label, blob: digest })).min(1),
  data: name,
  reference: name,
  input: z.object({
    divide: finite,
    mean: z.array(finite),
    std: z.array(finite),
    order: z.enum(vocabulary.channelOrder),
  }),
  output: z.object({ kind: z.enum(vocabulary.output), name: label.optional(), classOffset: count }),
  after: z.enum(vocabulary.after),
});

const stop = z.object({
  precision: finite.optional(),
  top: positive.optional(),
  epsilon: finite.optional(),
  confidence: finite,
  clip: finite,
  by: z.enum(vocabulary.stopBy),
});

const ablation = z.object({
  name,
  models: z.array(modelName),
  unit: z.enum(vocabulary.unit),
  layers: list,
  mode: z.enum(vocabulary.mode),
  fill: z.array(z.enum(vocabulary.fill)),
  draws: count,
  fractions: z.array(finite),
  trials: count,
  spread: z.array(z.enum(vocabulary.spread)),
  order: z.enum(vocabulary.order),
  pairs: z
    .object({
      within: z.array(z.enum(vocabulary.within)),
      budget: positive.optional(),
      screen: z.object({ keep: positive, random: positive }).optional(),
    })
    .optional(),
  quadruples: z.object({ budget: positive.max(limits.quadruples.value) }).optional(),
  stop: stop.optional(),
  previewed: z.array(name).optional(),
});

const impulse = z.object({
  name,
  models: z.array(modelName),
  at: z.union([z.literal('input'), list]),
  channels: z.union([z.literal('each'), z.array(count)]),
  positions: z.union([z.enum(vocabulary.positions), z.object({ phases: positive }), z.array(z.tuple([count, count]))]),
  amplitudes: z.object({ unit: z.enum(['input', 'std']), values: z.array(finite) }),
  bases: z.union([z.array(z.enum(vocabulary.base)), z.object({ images: positive })]),
  record: list,
  keep: z.enum(vocabulary.keep),
  resolve: z
    .object({
      r2: finite.optional(),
      sr: finite.optional(),
      budget: z.object({ images: positive, positions: positive }),
    })
    .optional(),
});

const nulls = z.object({
  ...(Object.fromEntries(wordsOf(madeNulls).map((kind) => [kind, count])) as Record<MadeNullName, typeof count>),
  unrelated: list,
});

const analysis = z.object({
  confidence: finite,
  fdr: finite,
  bootstrap: count.max(limits.bootstrap.value),
  far: finite,
  nulls,
  rarefy: z.object({ kernels: count, sites: count }),
});

/** `ResolvedStudy`: what a stored study must be before its networks and images are looked for. */
export const resolvedStudy = z
  .object({
    version: z.literal(1),
    semantics: positive,
    study: name,
    seed: finite,
    data: z.array(data),
    models: z.array(model),
    ablations: z.array(ablation),
    impulses: z.array(impulse),
    analysis,
  })
  .superRefine((study, context) => {
    const sets = new Set(study.data.map((set) => set.name));
    const networks = new Set(study.models.map((network) => network.name));
    const wanted = [
      ...study.models.flatMap((network) => [network.data, network.reference].map((set) => [set, sets] as const)),
      ...[...study.ablations, ...study.impulses].flatMap((part) =>
        part.models.map((model) => [model, networks] as const),
      ),
    ];
    for (const [missing, known] of wanted) {
      if (!known.has(missing)) context.addIssue(`names ${missing}, which it does not define`);
    }
  });
