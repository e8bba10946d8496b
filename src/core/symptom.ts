/** What the last lines of a failed run say about why it failed, where they say it plainly. */
export type Symptom = "out_of_gpu_memory" | "out_of_memory";

const signs: [Symptom, RegExp][] = [
  // PyTorch, cuBLAS, the CUDA driver, JAX and TensorFlow, HIP.
  [
    "out_of_gpu_memory",
    /CUDA out of memory|HIP out of memory|torch\.(cuda\.)?OutOfMemoryError|CUDA_ERROR_OUT_OF_MEMORY|CUBLAS_STATUS_ALLOC_FAILED|RESOURCE_EXHAUSTED: Out of memory/,
  ],
  [
    "out_of_memory",
    /^MemoryError\b|numpy[\w.]*\._ArrayMemoryError|std::bad_alloc|DefaultCPUAllocator: can't allocate memory/m,
  ],
];

export function symptomIn(lastLines: string): Symptom | null {
  return signs.find(([, sign]) => sign.test(lastLines))?.[0] ?? null;
}
