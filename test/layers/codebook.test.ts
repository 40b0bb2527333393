import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, float32, Rng, type Traced, tree } from "../../src/array/index.ts";
import { codebook } from "../../src/layers/codebook.ts";
import { inEvaluation, inTraining } from "../../src/layers/scope.ts";
import { assertMatches, evaluate, fill, torchCase } from "../fixtures/torch/reference.ts";

const book = codebook(5, 4, { decay: 0.9, restartBelow: 0.1 });
const codes = fill("codes", [5, 4]);
codes.data.fill(9, 4, 8);
codes.data.fill(-9, 12, 16);
const params = { runningCodes: codes, runningCounts: float32([0.5, 2, 1, 0.1, 0.7], [5]) };

test("running means, counts and restarts after a step are those of PyTorch; the returned codes are from before it", async () => {
  const expected = await torchCase("masked", "codebook");
  for (const device of ["cpu", "wasm"] as const) {
    const results = await evaluate(
      (p: Traced<typeof params>, z: Array) => {
        const { statistics, result } = inTraining(undefined, () => book.quantize(p, z));
        return {
          code: result.code,
          codes: statistics.get(p.runningCodes)!,
          counts: statistics.get(p.runningCounts)!,
        };
      },
      [params, fill("z", [10, 4])] as const,
      device,
    );
    for (const [name, value] of tree.entries(results)) assertMatches(value, expected[name], `${name} on ${device}`);
  }
});

test("a part traced in evaluation mode changes no statistics", async () => {
  await evaluate(
    (p: Traced<typeof params>, z: Array) => {
      const { result, statistics } = inTraining(undefined, () => inEvaluation(() => book.quantize(p, z)));
      assert.equal(statistics.size, 0);
      return { code: result.code };
    },
    [params, fill("z", [10, 4])] as const,
  );
});

test("codes that start far from the vectors are among them after two steps, unless replacement is off", async () => {
  const z = fill("z", [64, 4]);
  const used = async (restartBelow: number) => {
    const layer = codebook(16, 4, { decay: 0.99, restartBelow });
    const { runningCodes, runningCounts } = layer.init(new Rng(0));
    const far = {
      runningCodes: { ...runningCodes, data: runningCodes.data.map((value) => value + 50) },
      runningCounts,
    };
    const results = await evaluate(
      (p: Traced<typeof far>, x: Array) => {
        const step = (from: typeof p) => {
          const { statistics } = inTraining(undefined, () => layer.quantize(from, x));
          return {
            runningCodes: statistics.get(from.runningCodes)!,
            runningCounts: statistics.get(from.runningCounts)!,
          };
        };
        return { chosen: layer.nearest(step(step(p)), x) };
      },
      [far, z] as const,
    );
    const [chosen] = tree.leaves(results);
    return new Set(chosen!.data).size;
  };
  assert.ok((await used(0.1)) >= 12);
  assert.ok((await used(0)) <= 2);
});
