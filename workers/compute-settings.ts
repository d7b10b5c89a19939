/**
 * What compute processes have in their environment. Native engines bring threads of their own; one a process keeps results
 * equal and slots independent. NVIDIA's libraries round factors to 10 bits (TF32) unless they are told not to, and a mode
 * of float32 must mean it.
 */
export const computeEnvironment = { OMP_NUM_THREADS: '1', NVIDIA_TF32_OVERRIDE: '0' } as const;

/**
 * Flags of V8 in compute processes. Activations are large arrays beside a small heap, and V8 collects that heap for every few
 * of them, on threads of its own, which take the cores that other slots compute on. Marking in steps would let garbage pile up
 * between the first step and the last; all at once takes 15 ms. Compiling takes those cores, too: with this budget (V8's own is
 * 67,584 bytes) only what is really hot is compiled to machine code, not all that a few hundred programs are made with.
 */
export const computeFlags: readonly string[] = [
  '--single-threaded-gc',
  '--no-incremental-marking',
  '--interrupt-budget=500000',
];
