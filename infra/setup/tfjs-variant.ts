import { join } from 'node:path';
import { cacheFolder } from '../settings.js';

/** One of the two native packages of TensorFlow.js, and the library that it is built against. */
export interface TensorFlowVariant {
  readonly device: 'cpu' | 'cuda';
  readonly npmPackage: string;
  /** Any CPython's wheel carries the same library; 3.11's is pinned, whichever Python unpacks it. */
  readonly wheel: string;
  readonly megabytes: number;
  readonly sha256: string;
  /** The command that sets it up. */
  readonly command: string;
}

export const packageVersion = '4.22.0';
/** This release passes TensorFlow.js's own tests; 2.18's library rounds int32 wrongly. */
export const libraryVersion = '2.15.1';

export const tensorFlowVariants: Readonly<Record<TensorFlowVariant['device'], TensorFlowVariant>> = {
  cpu: {
    device: 'cpu',
    npmPackage: '@tensorflow/tfjs-node',
    wheel: 'tensorflow-cpu',
    megabytes: 207,
    sha256: '54660c074d7241a503e81edfd9f5ef5af88f64051b72e2945f26318c790f2d26',
    command: 'npm run setup:tfjs',
  },
  cuda: {
    device: 'cuda',
    npmPackage: '@tensorflow/tfjs-node-gpu',
    wheel: 'tensorflow',
    megabytes: 475,
    sha256: 'bb0edd69103c154245c5f209f0507355cc68ba7e4de350084bc31edc562478e4',
    command: 'npm run setup:tfjs -- --gpu',
  },
};

/** The folder in whose `node_modules` a native package stands, or will stand. */
export function prefixOf({ device }: TensorFlowVariant, cache: string = cacheFolder()): string {
  const name = device === 'cpu' ? 'tfjs-node' : 'tfjs-node-gpu';
  return join(cache, `${name}-${packageVersion}-tensorflow-${libraryVersion}-node-abi${process.versions.modules}`);
}
