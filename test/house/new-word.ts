import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { parse as parseYaml } from 'yaml';
import type * as anatomies from '../../core/anatomy/anatomy.js';
import type { Anatomy } from '../../core/anatomy/site.js';
import type * as planned from '../../core/plan/conditions.js';
import type { LabelledCondition } from '../../core/plan/conditions.js';
import type { WorkCount } from '../../core/plan/count.js';
import type * as counts from '../../core/plan/count.js';
import type * as schemas from '../../core/spec/json-schema.js';
import type * as parsing from '../../core/spec/parse.js';
import type { StudySpec } from '../../core/spec/study-spec.js';
import type * as networks from '../import/fixtures/small-network.js';
import { study } from '../spec/study-file.js';
import type { TreeCopy } from './tree-copy.js';

/** A stem of 4 kernels, and a residual branch of 4 and 4 with an activation in it. */
export async function smallAnatomy(copy: TreeCopy): Promise<Anatomy> {
  const { anatomyOf } = await copy.import<typeof anatomies>('core/anatomy/anatomy.ts');
  const { SmallNetwork } = await copy.import<typeof networks>('test/import/fixtures/small-network.ts');
  const network = new SmallNetwork(3);
  const stem = network.relu('stem.relu', network.conv('stem', network.input, 4));
  const branch = network.conv('second', network.relu('first.relu', network.conv('first', stem, 4)), 4);
  return anatomyOf(network.graph(network.head(network.relu('sum.relu', network.add('sum', branch, stem)))));
}

/** What a copy makes of a spec: everything is held to be right by its reader and its JSON Schema. */
export interface ReadSpec {
  readonly spec: StudySpec;
  readonly anatomy: Anatomy;
  /** Of its first ablation, of the network of `smallAnatomy`. */
  readonly conditions: readonly LabelledCondition[];
  readonly counts: readonly WorkCount[];
  /** docs/spec.md. */
  readonly document: string;
}

/** Expects that a copy reads a spec with such sections, its editor's schema accepts it, and it is planned. */
export async function expectRead(
  copy: TreeCopy,
  sections: string,
  more: Parameters<typeof study>[1] = {},
): Promise<ReadSpec> {
  const text = study(sections, more);
  const { parseStudySpec } = await copy.import<typeof parsing>('core/spec/parse.ts');
  const { studyJsonSchema } = await copy.import<typeof schemas>('core/spec/json-schema.ts');
  const { conditionsOf } = await copy.import<typeof planned>('core/plan/conditions.ts');
  const { countsOf } = await copy.import<typeof counts>('core/plan/count.ts');
  const { issues, spec } = parseStudySpec(text, '/studies/study.yaml', () => true);
  expect(issues).toEqual([]);
  const accepts = new Ajv2020({ strict: false }).compile(studyJsonSchema());
  expect(accepts(parseYaml(text)), JSON.stringify(accepts.errors)).toBe(true);
  const read = spec as StudySpec;
  const anatomy = await smallAnatomy(copy);
  const context = { seed: read.seed, anatomy, reference: 'reference', scores: undefined };
  const [ablation] = read.ablations;
  const list = ablation && conditionsOf(ablation, context);
  return {
    spec: read,
    anatomy,
    conditions: Array.from({ length: list?.length ?? 0 }, (_, i) => list?.at(i) as LabelledCondition),
    counts: countsOf({ name: 'net', anatomy, image: [3, 8, 8], images: 250 }, read),
    document: copy.read('docs/spec.md'),
  };
}
