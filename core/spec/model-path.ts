import { architectureOf, trainingPlace } from '../training-name.js';

/** Where a spec has a network, or the trainings that it is one of. */
export const modelPath = (model: string): string => `models.${architectureOf(model)}`;

/** Where a spec names the file of a network. */
export function modelFilePath(model: string): string {
  const place = trainingPlace(model);
  return place === undefined ? `${modelPath(model)}.file` : `${modelPath(model)}.trainings[${place}]`;
}
