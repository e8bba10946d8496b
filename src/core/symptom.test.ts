import { expect, test } from "vitest";
import { symptomIn } from "./symptom.ts";

test.each([
  ["torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 GiB", "out_of_gpu_memory"],
  ["RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`", "out_of_gpu_memory"],
  ['Traceback (most recent call last):\n  File "t.py", line 3\nMemoryError', "out_of_memory"],
  ["terminate called after throwing an instance of 'std::bad_alloc'", "out_of_memory"],
  ["ValueError: MemoryError is not what happened", null],
  ["", null],
] as const)("%j says %s", (text, symptom) => {
  expect(symptomIn(text)).toBe(symptom);
});
