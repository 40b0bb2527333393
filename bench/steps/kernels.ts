import { execFileSync } from "node:child_process";

const RATE = `
import time, torch
torch.set_num_threads(1)
a, rates = torch.randn(768, 768), []
for _ in range(8):
    start = time.process_time()
    a @ a
    rates.append(768 ** 3 / (time.process_time() - start))
print(max(rates))`;

/** How fast PyTorch multiplies with these variables, in multiplications a second; 0 where it cannot. */
export function rateOf(python: string, variables: Readonly<Record<string, string>>): number {
  try {
    const env = { ...process.env, ...variables };
    return Number(execFileSync(python, ["-c", RATE], { encoding: "utf8", env, stdio: ["ignore", "pipe", "ignore"] }));
  } catch {
    return 0;
  }
}

/**
 * Variables with which PyTorch's OpenBLAS multiplies fastest here. It takes its kernels by the processor's model, and on a virtual
 * machine that it does not know those of a Pentium 4, with a quarter of the speed. Kernels that the processor cannot run end
 * the process, and are left out.
 */
export function fastestKernels(python: string): Readonly<Record<string, string>> {
  let best = { variables: {}, rate: rateOf(python, {}) };
  for (const OPENBLAS_CORETYPE of ["HASWELL", "ZEN", "SKYLAKEX"]) {
    const variables = { OPENBLAS_CORETYPE };
    const rate = rateOf(python, variables);
    // Its own choice stays unless another is clearly better.
    if (rate > 1.1 * best.rate) best = { variables, rate };
  }
  return best.variables;
}
