import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The folder of real networks and images beside the checkout. */
export const sharedData = path.resolve(import.meta.dirname, '../../../shared/data');

/** Whether it is there; says so aloud where it is not. */
export const hasSharedData = existsSync(sharedData);
if (!hasSharedData) console.warn('skipped: ../shared/data is not there, so nothing is checked on real networks');

/** Where a file of it lies. */
export const sharedFile = (file: string): string => path.join(sharedData, file);

/** The files of a folder of it under their names. */
export const folderFiles = (folder: string): ReadonlyMap<string, Uint8Array> =>
  new Map(readdirSync(sharedFile(folder)).map((file) => [file, readFileSync(sharedFile(path.join(folder, file)))]));
