/** The joint-embedding methods, all by the same table. What only one of them does is tested in its own file. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Array,
  constant,
  float32,
  int32,
  Rng,
  type Tensor,
  type Traced,
  type TreeRecord,
  tree,
} from "../../src/array/index.ts";
import { inTraining } from "../../src/layers/scope.ts";
import { methods } from "../../src/methods/index.ts";
import { compileStep, type DeviceState, initialState, optimizerOf } from "../../src/training/step.ts";
import {
  assertGradients,
  assertMatches,
  evaluate,
  fill,
  outputAndGradients,
  torchCase,
  weights,
} from "../fixtures/torch/reference.ts";
import { tinyEncoder } from "./tiny-encoder.ts";
import { atStart, noEntry, stack, toyModality } from "./toy.ts";

const SAMPLES = 10;
const view = (index: number) => ({ pixels: fill(`view ${index}`, [8, 6]) });
const pair = { first: view(0), second: view(1) };
const unit = (name: string, rows: number, dim: number): Tensor => {
  const { data } = fill(name, [rows, dim]);
  const lengths = globalThis.Array.from({ length: rows }, (_, row) =>
    Math.hypot(...data.slice(row * dim, (row + 1) * dim)),
  );
  return float32(
    Float32Array.from(data, (value, at) => value / lengths[Math.floor(at / dim)]!),
    [rows, dim],
  );
};
/** A teacher other than its student: leaves as joint.py names them. */
const teacherOf = (leaves: TreeRecord<Tensor>) =>
  tree.map<Tensor, Tensor>(leaves, ({ shape }, path) =>
    /(scale|runningVariance)$/.test(path) ? fill(`t.${path}`, shape, 0.25, 1) : fill(`t.${path}`, shape, 0.5),
  ) as TreeRecord<Tensor>;

interface Case {
  /** Where the case is not called as its method is. */
  readonly method?: string;
  /** As in joint.py. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Other options where it is to learn from one batch again and again. */
  readonly learning?: Readonly<Record<string, unknown>>;
  readonly batch?: TreeRecord<Tensor>;
  /** Replaces what `initMemory` draws. */
  readonly memory?: (initial: TreeRecord<Tensor>) => TreeRecord<Tensor>;
  /** What the forward pass leaves in the memory, by its name here and in joint.json. */
  readonly remembered?: string;
  /** The branch of the memory that gradients must not reach. */
  readonly target?: string;
}

const heads = { hiddenDim: 7, projectionDim: 4 };
const cases: Readonly<Record<string, Case>> = {
  "barlow-twins": { options: { projectionDim: 7 } },
  byol: {
    options: heads,
    memory: ({ target }) => ({ target: teacherOf(target as TreeRecord<Tensor>) }),
    target: "target",
  },
  "cca-ssg": { options: {} },
  dcl: { options: { projectionDim: 4 } },
  dclw: { method: "dcl", options: { weighted: true, projectionDim: 4 } },
  "instance-discrimination": {
    options: { projectionDim: 4 },
    batch: { view: view(0), index: int32([9, 0, 4, 3, 7, 1, 2, 8], [8]) },
    memory: () => ({ bank: unit("bank", SAMPLES, 4) }),
    remembered: "bank",
  },
  lejepa: {
    options: { ...heads, views: 3, slicesPerSample: 2 },
    batch: { views: [view(0), view(1), view(2)], slices: fill("slices", [8, 2, 4]) },
  },
  "moco-v2": {
    options: { projectionDim: 4, queueSize: 12 },
    // Just the last batch's keys: the same samples', by a key encoder that stays.
    learning: { projectionDim: 4, queueSize: 8, momentum: 1 },
    memory: ({ teacher }) => ({ teacher: teacherOf(teacher as TreeRecord<Tensor>), queue: unit("queue", 12, 4) }),
    remembered: "queue",
    target: "teacher",
  },
  "moco-v3": {
    options: heads,
    memory: ({ teacher }) => ({ teacher: teacherOf(teacher as TreeRecord<Tensor>) }),
    target: "teacher",
  },
  nnclr: {
    options: { ...heads, queueSize: 12, predictorDim: 5 },
    memory: () => ({ queue: unit("queue", 12, 4) }),
    remembered: "queue",
  },
  simsiam: { options: { projectionDim: 7, predictorDim: 4 } },
  vicreg: { options: { projectionDim: 7 } },
};

/** Pictures of six values; a view adds a fraction. */
const modality = {
  ...toyModality(1, 2),
  specs: { pixels: { dtype: "float32", shape: [1, 2, 3] } },
  tensors: (sample: unknown) => {
    const value = Number(sample);
    const waves = Float32Array.from({ length: 6 }, (_, at) => Math.sin(value * (at + 1)));
    return { pixels: float32(waves, [1, 2, 3]) };
  },
  augment: (sample: unknown, rng: Rng) => Number(sample) + 0.2 * rng.uniform(),
} as const;

async function build(name: string, options: Readonly<Record<string, unknown>> = cases[name]!.options) {
  const definition = await methods.load(cases[name]!.method ?? name);
  return definition.build({
    encoder: tinyEncoder(6),
    modality,
    options: definition.options.parse(options),
    samples: SAMPLES,
  });
}

for (const [name, { options, learning = options, batch = pair, memory, remembered, target }] of Object.entries(cases)) {
  test(`${name}: loss and gradients of a step are PyTorch's, and none reaches a target`, async () => {
    const expected = await torchCase("joint", `method ${name}`);
    const method = await build(name, options);
    const params = method.init(new Rng(0));
    const initial = method.initMemory?.(new Rng(0), params) ?? {};
    const inputs = { p: weights(params), t: memory?.(initial) ?? {} };
    assert.deepEqual(tree.paths(inputs.t), tree.paths(initial));
    const forward = ({ p, t }: Traced<typeof inputs>) => {
      const views = tree.map<Tensor, Array>(batch, constant) as TreeRecord<Array>;
      return inTraining(undefined, () => method.loss(p, views, t, atStart())).result;
    };
    for (const device of ["cpu", "wasm"] as const) {
      const left = await evaluate(
        (given: Traced<typeof inputs>) => {
          const { metrics = {}, memory: kept = {} } = forward(given);
          return { metrics, kept };
        },
        [inputs] as const,
        device,
      );
      const byPath = new Map(tree.entries<Tensor>(left));
      for (const [path, { data }] of byPath) assert.ok([...data].every(Number.isFinite), path);
      assert.ok(byPath.has("metrics.deviation"));
      if (remembered)
        assertMatches(byPath.get(`kept.${remembered}`)!, expected[remembered], `${remembered} on ${device}`);

      const { output, gradients } = await outputAndGradients(
        (given: Traced<typeof inputs>) => forward(given).loss,
        inputs,
        device,
      );
      assertMatches(output, expected.loss, `loss on ${device}`);
      assertGradients(new Map([...gradients].filter(([path]) => path.startsWith("p."))), expected);
      const reached = [...gradients].filter(([path]) => target && path.startsWith(`t.${target}.`));
      assert.equal(reached.length > 0, target !== undefined);
      for (const [path, { data }] of reached)
        assert.ok(
          [...data].every((value) => value === 0),
          path,
        );
    }
  });

  test(`${name}: views are drawn anew, the same by seed`, async () => {
    const method = await build(name, options);
    const drawn = (seed: number) => tree.entries<Tensor>(method.views(3, new Rng(seed), { index: 5, label: -1 }));
    assert.deepEqual(drawn(1), drawn(1));
    const pictures = [...drawn(1), ...drawn(2)]
      .filter(([path]) => path.endsWith("pixels"))
      .map(([, leaf]) => `${leaf.data}`);
    assert.equal(new Set(pictures).size, pictures.length);
    assert.equal(pictures.length, 2 * (name === "lejepa" ? 3 : name === "instance-discrimination" ? 1 : 2));
  });

  test(`${name}: thirty steps on one batch lower its loss and leave embeddings apart`, async () => {
    const method = await build(name, learning);
    const views = globalThis.Array.from({ length: 8 }, (_, index) =>
      method.views(index, new Rng(index), { ...noEntry, index }),
    );
    const { losses, metrics } = await train(name, method, stack(views as TreeRecord<Tensor>[]), 30);
    const early = (losses[0]! + losses[1]! + losses[2]!) / 3;
    const late = (losses[27]! + losses[28]! + losses[29]!) / 3;
    assert.ok(late < early, `${name}: from ${early} to ${late}`);
    assert.ok(metrics.deviation! > 0.3, `${name}: embeddings deviate by ${metrics.deviation}`);
  });
}

/** Trains on one batch by AdamW. */
async function train(
  name: string,
  method: Awaited<ReturnType<typeof build>>,
  batch: TreeRecord<Tensor>,
  steps: number,
) {
  const training = { weightDecay: 0, gradientClip: 0, ema: 0, seed: 3, device: "cpu", threads: 1 } as const;
  const optimizer = optimizerOf({ optimizer: "adamw", beta2: 0.999 });
  const initial = initialState(method, optimizer, training, new Rng(1));
  const step = await compileStep({ method, optimizer, training, state: initial, batch, name });
  let state: DeviceState = initial;
  const losses: number[] = [];
  let metrics: Readonly<Record<string, number>> = {};
  for (let index = 0; index < steps; index++) {
    const result = await step.run(state, batch, index, { learningRate: 0.01, progress: index / steps });
    ({ state, metrics } = result);
    losses.push(result.loss);
  }
  await step.dispose();
  return { losses, metrics };
}
