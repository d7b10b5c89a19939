import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take longest, since a long one begun last runs alone: by what docs/testing.md measured, in any order. */
const long =
  /test\/(cli\/(served|exit-codes|verbs|engines|mistakes|hostile-store|damage)|temporal\/(study|faults)|engine\/webgpu|infra\/temporal-server|store\/s3)\.test\.ts$/;

/** Starts long files before the others, also in a new clone, where Vitest remembers no durations yet. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => long.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
