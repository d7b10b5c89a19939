import type { InferenceSession } from 'onnxruntime-node';
import { PercussError } from '../errors.js';
import type { Graph } from '../network/graph.js';
import { devicesOf, type DeviceName, type DeviceOf } from '../numeric-mode.js';

export type OnnxruntimeDevice = DeviceOf<'onnxruntime'>;

/** How onnxruntime computes on a device. */
export interface Provider {
  readonly device: OnnxruntimeDevice;
  /** In order of preference; what none of them can do, the processor does. */
  readonly executionProviders: (graph: Graph) => readonly InferenceSession.ExecutionProviderConfig[];
  /**
   * Whether fetched tensors stay on the device until they are read. onnxruntime-node 1.30 knows device memory of WebGPU
   * only: what CUDA and TensorRT compute is copied to the host after each run.
   */
  readonly outputsStay: boolean;
  /** What to do where it is missing. */
  readonly wayOut: string;
}

const nvidia = (more: string): string =>
  `It takes an NVIDIA driver, CUDA 12 with cuDNN 9${more} on the library path, and the provider libraries that ` +
  'onnxruntime-node leaves out (docs/engines.md says how); or choose `device: cpu`.';

/*
 * What the conformance suite and trained networks found wrong in onnxruntime 1.30 on WebGPU, without a word from it:
 * - In its own layout (NHWC) a convolution of 3x3 or larger is far off where its input, coming from another node in that
 *   layout, has channels that 3 divides and 4 doesn't (6, 9). In NCHW it is right.
 * - See `webgpuEpsilon`.
 */

/**
 * WebGPU of onnxruntime 1.30 computes every InstanceNormalization with this epsilon, whatever the node says. Those that
 * say otherwise stay on the processor.
 */
const webgpuEpsilon = 1e-5;

function wrongOnWebgpu(graph: Graph): readonly string[] {
  return graph.nodes
    .filter(({ op, attributes }) => op === 'InstanceNormalization' && attributes['epsilon'] !== webgpuEpsilon)
    .map((node) => node.id);
}

/** The binding passes a device's number and nothing else; `CUDA_VISIBLE_DEVICES` says which device is number 0. */
const providers: { readonly [D in OnnxruntimeDevice]: Omit<Provider, 'device'> } = {
  cpu: { executionProviders: () => ['cpu'], outputsStay: false, wayOut: '' },
  cuda: { executionProviders: () => [{ name: 'cuda', deviceId: 0 }], outputsStay: false, wayOut: nvidia('') },
  tensorrt: {
    executionProviders: () => [
      { name: 'tensorrt', deviceId: 0 },
      { name: 'cuda', deviceId: 0 },
    ],
    outputsStay: false,
    wayOut: nvidia(' and TensorRT 10'),
  },
  webgpu: {
    executionProviders: (graph) => {
      const forceCpuNodeNames = wrongOnWebgpu(graph);
      const forced = forceCpuNodeNames.length > 0 ? { forceCpuNodeNames } : {};
      return [{ name: 'webgpu', preferredLayout: 'NCHW', ...forced }];
    },
    outputsStay: true,
    wayOut:
      'It takes a Vulkan loader (libvulkan.so.1) and a driver that it finds; without a GPU, SwiftShader serves for ' +
      'tests (docs/engines.md says how); or choose `device: cpu`.',
  },
};

/** @throws PercussError ENGINE_UNAVAILABLE if onnxruntime has no such device. */
export function providerOf(device: DeviceName): Provider {
  const known = devicesOf('onnxruntime').find((name) => name === device);
  if (known !== undefined) return { device: known, ...providers[known] };
  throw new PercussError(
    'ENGINE_UNAVAILABLE',
    `onnxruntime does not compute on ${device}; its devices: ${devicesOf('onnxruntime').join(', ')}`,
    { details: { device } },
  );
}
