import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cifar10Records } from '../../core/data/cifar10.js';
import { tensor, type Tensor } from '../../core/tensor.js';
import { writeNpy } from '../../bench/npy-file.js';
import { packageRoot } from '../package-root.js';
import { enlarged } from './enlarged.js';

/** Sides of the images that networks of `shared/data` take, for which it has no labelled pictures. */
const sides = [224, 128, 96] as const;
/** Images of CIFAR-10 that are enlarged: the first of each file. */
const parts = {
  test: { file: 'cifar10_test_0000-0499.bin', images: 60 },
  train: { file: 'cifar10_train_0000-1999.bin', images: 64 },
} as const;

/**
 * Writes pictures of CIFAR-10, enlarged, for the networks of `shared/data` that take larger images; `PART-SIDE.npy`, uint8 [N, 3, side, side]. Labels:
 * `PART-labels.npy`, those of CIFAR-10, which are not the classes of these networks, and `PART-no-person.npy`, 0 for each: CIFAR-10 has no
 * class of people.
 */
export async function writePictures(data: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const [part, { file, images }] of Object.entries(parts)) {
    const source = join(data, 'images', 'cifar10', file);
    const records = cifar10Records([{ path: source, bytes: readFileSync(source) }]);
    const write = (name: string, array: Tensor): void => {
      const scratch = join(folder, `.${name}-${process.pid}`);
      writeFileSync(scratch, writeNpy(array));
      renameSync(scratch, join(folder, `${part}-${name}.npy`));
    };
    write('labels', tensor('uint8', [images], Uint8Array.from(records.labels.subarray(0, images))));
    write('no-person', tensor('uint8', [images], new Uint8Array(images)));
    for (const side of sides) {
      const pixels = new Uint8Array(images * 3 * side * side);
      for (let i = 0; i < images; i++) {
        const { data: image } = await records.image(i);
        for (let channel = 0; channel < 3; channel++) {
          const plane = Uint8Array.from(image.subarray(channel * 1024, (channel + 1) * 1024));
          pixels.set(enlarged(plane, 32, side), (i * 3 + channel) * side * side);
        }
      }
      write(String(side), tensor('uint8', [images, 3, side, side], pixels));
    }
  }
}

/** Where `experiments/every-network.yaml` looks for them; ignored by git. */
export const picturesFolder = join(packageRoot, 'experiments', 'every-network', 'data');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const data = join(packageRoot, '..', 'shared', 'data');
  if (existsSync(data)) await writePictures(data, picturesFolder);
  else process.stdout.write('SKIPPED: ../shared/data is not here, so there are no pictures to enlarge\n');
}
