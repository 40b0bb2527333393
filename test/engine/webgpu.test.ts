import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { type Array, filled, int32, np, Rng, type Tensor, type Tree } from "../../src/array/index.ts";
import { compile, type Device, read } from "../../src/engine/index.ts";
import { UserError } from "../../src/foundation/errors.ts";

// Chromium's software Vulkan stands in for a graphics card; a machine that has one may name its driver itself.
const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";
if (existsSync(SWIFTSHADER)) process.env.VK_ICD_FILENAMES ??= SWIFTSHADER;

interface State extends Record<string, Tree<Array>> {
  readonly weights: Array;
  readonly count: Array;
  readonly chosen: Array;
  readonly large: Array;
  readonly loss: Array;
}

/** Outputs of every type, of rank 0, 1 and 2, all of them fed back. */
const step = ({ weights, count, chosen, large, loss }: State): State => ({
  weights: np.add(np.matmul(weights, np.transpose(weights)), np.where(chosen, 0.5, -0.5)),
  count: np.add(count, 1),
  chosen: np.less(weights, np.multiply(loss, 0.1)),
  large: np.logicalOr(large, np.greater(np.sum(weights, 1), 1)),
  loss: np.mean(np.square(weights)),
});

async function threeSteps(device: Device): Promise<Tree<Tensor>> {
  const start = {
    weights: new Rng(3).uniforms([4, 4], -0.5, 0.5),
    count: int32(Int32Array.from([5, 6, 7]), [3]),
    chosen: { dtype: "bool" as const, shape: [4, 4], data: new Uint8Array(16) },
    large: { dtype: "bool" as const, shape: [4], data: new Uint8Array(4) },
    loss: filled([], 0.25),
  };
  const program = await compile(step, [start], { device });
  const first = await program.run(start);
  const second = await program.run(first);
  const third = await program.run(second);
  const values = await read(third);
  await program.dispose();
  return values;
}

test("webgpu: outputs of every type are fed back and read", async (context) => {
  const onCpu = await threeSteps("cpu");
  let onGpu: Tree<Tensor>;
  try {
    onGpu = await threeSteps("webgpu");
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    context.skip(error.message);
    return;
  }
  const values = (state: Tree<Tensor>) =>
    Object.fromEntries(
      Object.entries(state).map(([name, { dtype, shape, data }]) => [
        name,
        { dtype, shape: [...shape], values: [...data].map((value) => Number(Number(value).toFixed(4))) },
      ]),
    );
  assert.deepEqual(values(onGpu), values(onCpu));
});
