import assert from "node:assert/strict";
import { test } from "node:test";
import { shifted } from "../../../src/agents/parts/shifted.ts";
import { trunk } from "../../../src/agents/parts/trunk.ts";
import { type Array, float32, np, Rng, type Traced } from "../../../src/array/index.ts";
import { box } from "../../../src/environments/space.ts";
import { assertMatches, evaluateOne, fill, torchCase } from "../../fixtures/torch/reference.ts";

test("images and vectors are read together; a large image by Mnih's convolutions, scaled by its bounds", async () => {
  const space = {
    camera: box([3, 84, 84], 0, 255),
    depth: box([10, 10], 0, 4),
    goal: box([2], -1, 1),
    cells: box([2, 3], 0, 1),
  };
  const body = trunk(space, 16);
  const params = body.init(new Rng(0));
  assert.deepEqual(
    params.images.camera?.map(({ weight }) => weight.shape),
    [
      [32, 3, 8, 8],
      [64, 32, 4, 4],
      [64, 64, 3, 3],
    ],
  );
  assert.deepEqual(Object.keys(params.images), ["camera", "depth"]);
  // 64 maps of 7 × 7, 64 of 6 × 6, two numbers and six cells.
  assert.deepEqual(params.layers[0]?.weight.shape, [16, 3136 + 2304 + 2 + 6]);
  const seen = {
    camera: fill("camera", [2, 3, 84, 84], 127, 127),
    depth: fill("depth", [2, 10, 10], 2, 2),
    goal: fill("goal", [2, 2]),
    cells: fill("cells", [2, 2, 3]),
  };
  const run = (of: typeof seen, within: typeof space = space) =>
    evaluateOne((p: Traced<typeof params>, s: Readonly<Record<string, Array>>) => trunk(within, 16).apply(p, s), [
      params,
      of,
    ] as const);
  const output = await run(seen);
  assert.deepEqual(output.shape, [2, 16]);
  // The same image in other units is the same to it.
  const halved = {
    ...seen,
    camera: float32(seen.camera.data.map((value) => value / 255) as Float32Array, [2, 3, 84, 84]),
  };
  const other = await run(halved, { ...space, camera: box([3, 84, 84], 0, 1) });
  output.data.forEach((value, at) => {
    assert.ok(Math.abs(value - other.data[at]!) < 1e-4);
  });
  assert.notDeepEqual(output.data, (await run({ ...seen, goal: fill("another goal", [2, 2]) })).data);
});

test("images are shifted as torch shifts them, with a repeated border", async () => {
  const expected = await torchCase("agents", "shifted");
  const inputs = [fill("camera", [4, 2, 8, 8], 0.5, 0.5), fill("uniforms", [4, 4], 0.5, 0.5)] as const;
  const output = await evaluateOne((x: Array, uniforms: Array) => {
    const [down, right] = np.split(uniforms, 4, 1);
    return shifted(x, { down: down!, right: right! }, 2);
  }, inputs);
  assertMatches(output, expected.output, "shifted");
});
