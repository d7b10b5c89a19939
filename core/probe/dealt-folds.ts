import { sha256 } from '../digest.js';

/**
 * Images dealt into folds of nearly equal size: by rank of SHA-256 of `fold of image i`, so that a fold has nothing to do with the order of
 * the images, in which classes may take turns (every fourth image would then be of few of them), and anybody can deal them again.
 *
 * @returns The fold of each image, from 0.
 */
export function dealtFolds(images: number, folds: number): Uint8Array {
  const drawn = Array.from({ length: images }, (_, image) => ({ image, by: sha256(`fold of image ${image}`) }));
  drawn.sort((a, b) => (a.by < b.by ? -1 : 1));
  const dealt = new Uint8Array(images);
  drawn.forEach(({ image }, rank) => {
    dealt[image] = rank % folds;
  });
  return dealt;
}
