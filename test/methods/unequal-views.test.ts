import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng, type Tensor, tree } from "../../src/array/index.ts";
import { isStatistic } from "../../src/layers/scope.ts";
import { methods } from "../../src/methods/index.ts";
import { image } from "../../src/modalities/image/index.ts";
import { compileStep, type DeviceState, initialState, optimizerOf } from "../../src/training/step.ts";
import { tinyEncoder } from "./tiny-encoder.ts";
import { noEntry, stack, toyModality } from "./toy.ts";

for (const name of ["byol", "barlow-twins", "vicreg", "moco-v3", "lejepa"])
  test(`${name}: needs numbered augmented views only; images are augmented by the number as in the papers`, async () => {
    const definition = await methods.load(name);
    assert.deepEqual(
      definition.needs.map((need) => need.name),
      ["augment"],
    );
    const numbers: unknown[] = [];
    const modality = {
      ...toyModality(1, 2),
      augment(sample: unknown, rng: Rng, view?: number) {
        numbers.push(view);
        return Number(sample) + rng.uniform();
      },
    };
    const settled = definition.options.parse({});
    const method = definition.build({ encoder: tinyEncoder(4), modality, options: settled, samples: 8 });
    tree.paths(method.views(1, new Rng(0), noEntry));
    assert.deepEqual(numbers, name === "lejepa" ? [0, 1, 2, 3] : [0, 1]);
    const { blur, solarize } = image.options.parse(definition.modalityOptions);
    assert.deepEqual(
      [blur, solarize],
      name === "lejepa"
        ? [0.5, 0.2]
        : [
            [1, 0.1],
            [0, 0.2],
          ],
    );
    assert.equal(
      image.options.parse({ ...definition.modalityOptions, ...definition.presets?.small?.modalityOptions }).blur,
      0,
    );
  });

for (const name of ["byol", "moco-v3"])
  test(`${name}: the teacher starts as its student and follows by the cosine schedule`, async () => {
    const definition = await methods.load(name);
    const modality = {
      ...toyModality(1, 2),
      augment: (sample: unknown, rng: Rng) => Number(sample) + rng.uniform(),
    };
    const options = definition.options.parse({ momentum: 0.8, hiddenDim: 5, projectionDim: 3 });
    const method = definition.build({ encoder: tinyEncoder(4), modality, options, samples: 8 });
    const batch = stack([0, 1, 2, 3, 4, 5].map((sample) => method.views(sample, new Rng(sample), noEntry)));
    const training = { weightDecay: 0, gradientClip: 0, ema: 0, seed: 0, device: "cpu", threads: 1 } as const;
    const optimizer = optimizerOf({ optimizer: "sgd", beta2: 0.999 });
    const initial = initialState(method, optimizer, training, new Rng(0));
    const step = await compileStep({ method, optimizer, training, state: initial, batch, name });
    let state: DeviceState = initial;
    const valuesOf = async (from: DeviceState["memory"]) => {
      const values = new Map<string, number[]>();
      for (const [path, leaf] of tree.entries<Tensor | { read(): Promise<Tensor> }>(from))
        values.set(path, [...("read" in leaf ? await leaf.read() : leaf).data]);
      return values;
    };
    const students = await valuesOf(initial.params);
    let teacher = await valuesOf(initial.memory);
    for (const [path, values] of teacher) assert.deepEqual(values, students.get(path.replace(/^\w+\./, "")));
    assert.ok(![...teacher.keys()].some((path) => path.includes("predictor")));
    // Momenta 0.8, 0.9 and 1 at the start, the middle and the end.
    for (const [index, [progress, momentum]] of (
      [
        [0, 0.8],
        [0.5, 0.9],
        [1, 1],
      ] as const
    ).entries()) {
      ({ state } = await step.run(state, batch, index, { learningRate: 0.1, progress }));
      const [now, student] = [await valuesOf(state.memory), await valuesOf(state.params)];
      for (const [path, values] of now) {
        // The teacher's statistics are of what it sees itself.
        if (isStatistic(path)) continue;
        values.forEach((value, at) => {
          const followed = student.get(path.replace(/^\w+\./, ""))![at]!;
          const expected = momentum * teacher.get(path)![at]! + (1 - momentum) * followed;
          assert.ok(Math.abs(value - expected) < 1e-5, `${path} at ${progress}: ${value}, not ${expected}`);
        });
      }
      if (momentum < 1) assert.notDeepEqual(now.get([...now.keys()][0]!), teacher.get([...now.keys()][0]!));
      teacher = now;
    }
    await step.dispose();
  });
