import assert from "node:assert/strict";
import { test } from "node:test";
import { float32, Rng, type Tensor, tree } from "../../src/array/index.ts";
import { mocoV2 } from "../../src/methods/moco-v2.ts";
import { compileStep, type DeviceState, type HostState, initialState, optimizerOf } from "../../src/training/step.ts";
import { assertMatches, fill, torchCase, weights } from "../fixtures/torch/reference.ts";
import { tinyEncoder } from "./tiny-encoder.ts";
import { toyModality } from "./toy.ts";

const method = mocoV2.build({
  encoder: tinyEncoder(6),
  modality: toyModality(1, 2),
  options: mocoV2.options.parse({ momentum: 0.9, projectionDim: 4, queueSize: 12 }),
  samples: 8,
});

test("three steps: losses, the queue and the key encoder after each are PyTorch's", async () => {
  const expected = await torchCase("joint", "moco-v2 steps");
  const params = weights(method.init(new Rng(0)));
  // Unit rows of the numbers that joint.py starts from.
  const rows = fill("queue", [12, 4]).data;
  const queue = float32(
    Float32Array.from(rows, (value, at) => value / Math.hypot(...rows.slice(at - (at % 4), at - (at % 4) + 4))),
    [12, 4],
  );
  for (const device of ["cpu", "wasm"] as const) {
    const training = { weightDecay: 0, gradientClip: 0, ema: 0, seed: 0, device, threads: 1 } as const;
    const optimizer = optimizerOf({ optimizer: "sgd", beta2: 0.999 });
    const initial: HostState = {
      ...initialState({ ...method, init: () => params }, optimizer, training, new Rng(0)),
      memory: { teacher: params, queue },
    };
    const batch = (index: number) => ({
      first: { pixels: fill(`first ${index}`, [8, 6]) },
      second: { pixels: fill(`second ${index}`, [8, 6]) },
    });
    const step = await compileStep({ method, optimizer, training, state: initial, batch: batch(0), name: "moco" });
    let state: DeviceState = initial;
    for (let index = 0; index < 3; index++) {
      const result = await step.run(state, batch(index), index, { learningRate: 0.5, progress: index / 3 });
      state = result.state;
      assertMatches(float32([result.loss], []), expected[`loss ${index}`], `loss ${index}`, 1e-4);
      const memory = new Map<string, Tensor>();
      for (const [path, leaf] of tree.entries<Tensor | { read(): Promise<Tensor> }>(state.memory))
        memory.set(path, "read" in leaf ? await leaf.read() : leaf);
      assertMatches(memory.get("queue")!, expected[`queue ${index}`], `queue ${index}`, 1e-4);
      const recorded = Object.keys(expected).filter((key) => key.startsWith(`teacher ${index} `));
      assert.equal(recorded.length, 9);
      for (const key of recorded)
        assertMatches(memory.get(`teacher.${key.slice(`teacher ${index} `.length)}`)!, expected[key], key, 1e-4);
    }
    await step.dispose();
  }
});
