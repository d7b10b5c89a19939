import { PercussError } from '../../errors.js';
import { limits } from '../../limits.js';
import { float32, type Tensor } from '../../tensor.js';
import { expandable, invalidFile } from './bounds.js';
import type { Hdf5Dataset, Hdf5Group, Hdf5Selection, Hdf5Task } from './hdf5-task.js';
import { answerOf } from './hdf5-thread.js';

const MiB = 2 ** 20;

/**
 * Reads an HDF5 file in a thread that is ended after its time, or when it asks for more memory than the file may take.
 * @throws PercussError FILE_DAMAGED if it is no such file, LIMIT_EXCEEDED for one that takes too much.
 */
export async function readHdf5(model: string, bytes: Uint8Array, selection: Hdf5Selection): Promise<Hdf5Group> {
  const [content, size] = [new Uint8Array(bytes), bytes.length];
  const task: Hdf5Task = {
    ...selection,
    bytes: content,
    limits: {
      bytes: expandable(size),
      memory: 256 * MiB + 3 * size,
      objects: limits.constants.value,
      depth: limits.modelDepth.value,
    },
  };
  const seconds = limits.parserTime.value + size / (32 * MiB);
  const answer = await answerOf(task, content, 1_000 * seconds);
  if ('root' in answer) return answer.root;
  if (answer.excess) {
    throw new PercussError(
      'LIMIT_EXCEEDED',
      `model "${model}": reading it takes too much (${answer.failure}; docs/limits.md)`,
      {
        details: { model },
      },
    );
  }
  throw invalidFile(
    model,
    `no HDF5 file, or a damaged one (${answer.failure.slice(0, 200)}). Save or download it again`,
  );
}

/** A weight as float32. @throws PercussError FILE_DAMAGED naming it. */
export function floatsOf(model: string, name: string, { shape, data }: Hdf5Dataset): Tensor<'float32'> {
  if (data === undefined) {
    throw invalidFile(model, `the weight "${name}" holds no numbers that can be read as float32`);
  }
  return float32(shape, data);
}
