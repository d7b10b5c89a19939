import { globMatcher } from '../select.js';
import { speaksFor } from '../training-name.js';
import { comparedImpulses } from './compared-impulses.js';
import type { StudySpec } from './study-spec.js';
import type { Fail, SpecSubjects } from './subjects.js';

/** What is resolved are the brackets of the impulses that redundancy is measured by, and they must exist. */
export function checkResolve({ models, impulses, analysis }: StudySpec, { anatomies }: SpecSubjects, fail: Fail): void {
  for (const { name: model } of models) {
    const own = impulses.filter((impulse) => speaksFor(model, impulse.models));
    const compared = comparedImpulses(own);
    for (const { name, resolve, record } of own) {
      if (!resolve || !compared) continue;
      if (name !== compared.name) {
        const message = `resolve looks at what redundancy is measured by, which for ${model} is ${compared.name}: the first impulses that give signatures`;
        fail(`impulses.${name}.resolve`, message, `move it to ${compared.name}, or ${name} to the front`);
        continue;
      }
      const { kernels } = analysis.rarefy;
      const globs = record.map(globMatcher);
      const sites = anatomies
        .get(model)
        ?.sites.filter(({ name: site, aliases }) => globs.some((matches) => [site, ...aliases].some(matches)));
      const enough = sites?.filter(({ channels }) => channels >= kernels).length;
      if (resolve.sr === undefined || enough === undefined || enough > 1) continue;
      fail(
        `impulses.${name}.resolve.sr`,
        `systemic redundancy is of two sites of at least ${kernels} kernels, and ${model} records ${enough}`,
        'remove sr, or lower analysis.rarefy.kernels',
      );
    }
  }
}
