import type { Anatomy, Layer, Site } from '../anatomy/site.js';
import type { Graph } from '../network/graph.js';
import { sha256, type Digest } from '../digest.js';
import { architectureOf, trainingPlace } from '../training-name.js';
import { modelFilePath } from './model-path.js';
import type { ModelSpec } from './study-spec.js';
import type { Fail, SpecSubjects } from './subjects.js';

/**
 * Trainings of one architecture have the same sites under the same names, so that seeded draws remove the same places in all of them
 * and what is said of the first holds for all; and each has weights of its own, or how far trainings differ would be told too small.
 */
export function checkTrainings(
  models: readonly ModelSpec[],
  { anatomies, graphs }: Pick<SpecSubjects, 'anatomies' | 'graphs'>,
  fail: Fail,
): void {
  const first = new Map<string, { readonly name: string; readonly anatomy: Anatomy }>();
  const weights = new Map<Digest, string>();
  for (const { name } of models) {
    const anatomy = anatomies.get(name);
    if (trainingPlace(name) === undefined || !anatomy) continue;
    const architecture = architectureOf(name);
    const other = first.get(architecture);
    if (other === undefined) first.set(architecture, { name, anatomy });
    else {
      const [difference, remedy] = differenceOf(other, { name, anatomy }) ?? [];
      if (difference !== undefined)
        fail(modelFilePath(name), `${name} is not built as ${other.name} is: ${difference}`, remedy);
    }
    const graph = graphs.get(name);
    if (!graph) continue;
    const own = weightsOf(architecture, graph);
    const same = weights.get(own);
    if (same === undefined) weights.set(own, name);
    else
      fail(
        modelFilePath(name),
        `${name} has the very weights of ${same}`,
        'name files of networks that were trained apart, each once',
      );
  }
}

const ELSEWHERE = 'trainings of one architecture have the same layers; give another architecture a name of its own';
const NAMES =
  'layers are found by their names, which must be the same in all trainings; name them as you build the network (Keras numbers them on in a session: call keras.backend.clear_session() before each)';

interface Named {
  readonly name: string;
  readonly anatomy: Anatomy;
}

/** In what two trainings differ, in words, and what to do; undefined where they are built alike. */
function differenceOf(a: Named, b: Named): readonly [difference: string, remedy: string] | undefined {
  return (
    differenceIn('site', a, b, ({ sites }) => sites.map((site) => [site.name, siteText(site)])) ??
    differenceIn('layer', a, b, ({ layers }) => layers.map((layer) => [layer.name, layerText(layer)])) ??
    differenceIn('block', a, b, ({ blocks }) =>
      blocks.map(({ name, site }) => [name, `a branch that ends at ${site}`]),
    ) ??
    differenceIn('stream', a, b, ({ streams }) =>
      streams.map((stream) => [stream.name, `${stream.channels} channels`]),
    ) ??
    (a.anatomy.outputs === b.anatomy.outputs
      ? undefined
      : [`it has ${b.anatomy.outputs} outputs, not ${a.anatomy.outputs}`, ELSEWHERE])
  );
}

const siteText = ({ shape, type }: Site): string => `${shape.join(' × ')}, ${type}`;
const layerText = ({ kernels, site }: Layer): string => `${kernels} kernels at ${site}`;

type Parts = readonly (readonly [name: string, text: string])[];

function differenceIn(
  noun: string,
  a: Named,
  b: Named,
  partsOf: (anatomy: Anatomy) => Parts,
): readonly [string, string] | undefined {
  const [theirs, own] = [partsOf(a.anatomy), partsOf(b.anatomy)];
  const texts = (parts: Parts): string => parts.map(([, text]) => text).join('\n');
  for (const [place, [name, text]] of theirs.entries()) {
    const [ownName, ownText] = own[place] ?? [];
    if (ownName === undefined) break;
    if (ownName !== name)
      return [
        `its ${noun} ${place + 1} is ${ownName}, where ${a.name} has ${name}`,
        texts(theirs) === texts(own) ? NAMES : ELSEWHERE,
      ];
    if (ownText !== text) return [`its ${noun} ${name} is ${ownText}, where ${a.name} has ${text}`, ELSEWHERE];
  }
  if (own.length === theirs.length) return undefined;
  return [`it has ${own.length} ${noun}s, not ${theirs.length}`, ELSEWHERE];
}

/** What a network's constants are, whatever it is called and by whom it was written. */
function weightsOf(architecture: string, { constants }: Graph): Digest {
  const each = [...constants.values()].map(({ dtype, shape, data }) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return `${dtype} ${shape.join(' × ')} ${sha256(bytes)}`;
  });
  return sha256([architecture, ...each].join('\n'));
}
