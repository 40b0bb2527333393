import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { float32, Rng, type Tensor, type Traced, type TreeRecord, tree } from "../../src/array/index.ts";
import type { Encoder, Inputs } from "../../src/encoders/index.ts";
import { resnet } from "../../src/encoders/resnet.ts";
import { distill } from "../../src/methods/distill.ts";
import type { FrozenFile, FrozenRun, Method } from "../../src/methods/index.ts";
import { gridMap } from "../../src/methods/parts/feature-map.ts";
import { pretrain } from "../../src/training/pretrain.ts";
import { loadCheckpoint } from "../../src/training/run/checkpoint.ts";
import { evaluateOne, fill, weights } from "../fixtures/torch/reference.ts";
import { inFolder, writeImages } from "../support/cli.ts";
import { assertIsTorchs, assertLearns, assertMemoryIsFixed, images, modality, tinyVit } from "./checks.ts";
import { atStart } from "./toy.ts";

function teacherRun(encoder = tinyVit("class")): FrozenRun {
  const params = { encoder: encoder.init(new Rng(7)), projector: { weight: new Rng(8).normals([2, 2]) } };
  return { path: "runs/big", method: "simclr", options: {}, encoder, params };
}
const build = (
  headLayers: 1 | 2 | 4 = 4,
  teacher: FrozenRun | undefined = teacherRun(),
  encoder: Encoder = tinyVit("mean"),
) =>
  distill.build({
    encoder,
    modality,
    options: distill.options.parse({ headLayers }),
    samples: 8,
    runs: teacher ? { teacher } : {},
  });
const batch = () => ({ view: images() });

for (const layers of [1, 2, 4] as const)
  test(`head of ${layers}: loss, gradients and metrics are SimReg's`, () =>
    assertIsTorchs(build(layers), `distill ${layers}`, batch()));

test("no gradient reaches the teacher, of which only the encoder is kept", async () => {
  await assertMemoryIsFixed(build(), batch());
  const memory = build().initMemory?.(new Rng(0), { encoder: {} }) ?? {};
  assert.deepEqual(tree.paths(memory), tree.paths({ teacher: tinyVit("class").init(new Rng(0)) }));
});

test("ten steps on one batch lower the loss, into another kind of encoder too", async () => {
  await assertLearns(build());
  const small = resnet.build(resnet.options.parse({ layers: "8", width: 4, stem: "stride2" }), modality.specs);
  await assertLearns(build(2, teacherRun(), small));
});

test("without a teacher the error says what is missing", () => {
  const options = distill.options.parse({});
  assert.throws(() => distill.build({ encoder: tinyVit("mean"), modality, options, samples: 8, runs: {} }), {
    name: "UserError",
    message: /--teacher/,
  });
});

test("a run distills another run, whose encoder does not change", () =>
  inFolder(async (folder) => {
    const images = join(folder, "images");
    await writeImages(images, 8);
    const common = {
      data: images,
      encoder: "vit",
      modalityOptions: { imageSize: 16 },
      training: { epochs: 1, batchSize: 4, workers: 0, learningRate: 1e-3, optimizer: "adamw" },
    } as const;
    const [big, small] = [join(folder, "big"), join(folder, "small")];
    const wide = { width: 16, depth: 2, heads: 2, patchSize: 4 };
    await pretrain({ ...common, out: big, method: "mae", encoderOptions: wide });
    const narrow = { width: 8, depth: 1, heads: 2, patchSize: 4 };
    await pretrain({
      ...common,
      out: small,
      method: "distill",
      options: { teacher: big },
      encoderOptions: narrow,
    });
    const [taught, learned] = await Promise.all(
      [big, small].map((run) => loadCheckpoint(join(run, "checkpoints", "last.safetensors"))),
    );
    const teacher = new Map(tree.entries<Tensor>(learned!.state.memory));
    const params = tree.entries<Tensor>(taught!.state.params).filter(([path]) => path.startsWith("encoder."));
    assert.equal(teacher.size, params.length);
    for (const [path, { data }] of params)
      assert.deepEqual(teacher.get(path.replace(/^encoder/, "teacher"))?.data, data, path);
    const { params: student } = learned!.state;
    assert.deepEqual(new Map(tree.entries<Tensor>(student)).get("encoder.norm.scale")?.shape, [8]);
  }));

/** A file whose features are given. */
const teacherFile = (patches: Tensor, grid: readonly number[]): FrozenFile => ({
  path: "teacher.onnx",
  global: 6,
  patches: { width: 5, grid },
  run: async (_, wanted) => {
    const all: Record<string, Tensor> = { global: fill("global", [2, 6]), patches };
    return Object.fromEntries(wanted.map((what) => [what, all[what]!]));
  },
});
const ofFile = (features: "global" | "patches" | "both", file: FrozenFile) =>
  distill.build({
    ...{ encoder: tinyVit("mean"), modality, samples: 8, files: { teacher: file } },
    options: distill.options.parse({ headLayers: 1, features }),
  });
/** The loss at `weights`, of what the file says ahead of the step. */
async function lossOf(method: Method): Promise<number> {
  const given = { p: weights(method.init(new Rng(0))), batch: await method.ahead!(batch()) };
  const loss = ({ p, batch }: Traced<typeof given>) => method.loss(p, batch, { teacher: {} }, atStart()).loss;
  return (await evaluateOne(loss, [given], "cpu")).data[0]!;
}

test("features of a file's patches: 0.9 (1 − cos) + 0.1 smooth L1, worked out in float64", async () => {
  const patches = fill("patches", [2, 16, 5], 2);
  const file = teacherFile(patches, [4, 4]);
  const method = ofFile("patches", file);
  const params = weights(method.init(new Rng(0)));
  const { channels, apply } = gridMap(tinyVit("mean"), "");
  const map = await evaluateOne(
    ({ p, view }: Traced<{ p: typeof params; view: TreeRecord<Tensor> }>) => apply(p.encoder, view as Inputs),
    [{ p: params, view: images() }],
    "cpu",
  );
  const head = new Map(tree.entries<Tensor>(params));
  const [weight, bias] = ["weight", "bias"].map((name) => head.get(`patchHead.0.last.${name}`)!.data);
  let [cosines, distances] = [0, 0];
  for (let row = 0; row < 32; row++) {
    const [sample, cell] = [Math.floor(row / 16), row % 16];
    const token = Array.from({ length: channels }, (_, at) => map.data[(sample * channels + at) * 16 + cell]!);
    const predicted = Array.from({ length: 5 }, (_, out) =>
      token.reduce((sum, value, at) => sum + value * weight![out * channels + at]!, bias![out]!),
    );
    const target = [...patches.data.subarray(row * 5, row * 5 + 5)];
    const product = predicted.reduce((sum, value, at) => sum + value * target[at]!, 0);
    cosines += product / (Math.hypot(...predicted) * Math.hypot(...target)) / 32;
    for (const [at, value] of predicted.entries()) {
      const distance = Math.abs(value - target[at]!);
      distances += (distance < 1 ? distance ** 2 / 2 : distance - 0.5) / (32 * 5);
    }
  }
  const expected = 0.9 * (1 - cosines) + 0.1 * distances;
  const loss = await lossOf(method);
  assert.ok(Math.abs(loss - expected) < 1e-5, `${loss}, not ${expected}`);
  const [global, both] = [await lossOf(ofFile("global", file)), await lossOf(ofFile("both", file))];
  assert.ok(Math.abs(both - global - loss) < 1e-5, `${both}, not ${global} + ${loss}`);
});

test("a teacher's grid is resized to the student's, and what is the same everywhere stays so", async () => {
  const row = fill("row", [5]).data;
  const constant = (cells: number) =>
    float32(
      Float32Array.from({ length: 2 * cells * 5 }, (_, at) => row[at % 5]!),
      [2, cells, 5],
    );
  const [fine, coarse, finer] = await Promise.all(
    (
      [
        [4, 4],
        [2, 2],
        [7, 7],
      ] as const
    ).map(([rows, columns]) => lossOf(ofFile("patches", teacherFile(constant(rows * columns), [rows, columns])))),
  );
  for (const other of [coarse, finer]) assert.ok(Math.abs(other! - fine!) < 1e-5, `${other}, not ${fine}`);
});

test("a run's patches are learned, too; an encoder without any is refused", async () => {
  const both = (encoder: Encoder) =>
    distill.build({
      ...{ encoder, modality, samples: 8, runs: { teacher: teacherRun() } },
      options: distill.options.parse({ headLayers: 2, features: "both" }),
    });
  await assertLearns(
    both(resnet.build(resnet.options.parse({ layers: "8", width: 4, stem: "stride2" }), modality.specs)),
  );
  const flat = tinyVit("mean");
  const none = {
    name: "flat",
    embedDim: flat.embedDim,
    init: flat.init,
    apply: flat.apply,
    hidden: flat.hidden,
    hyperparameters: {},
  };
  assert.throws(() => both(none), { name: "UserError", message: /needs an encoder that keeps a map/ });
  const { patches: _, ...file } = teacherFile(fill("patches", [2, 16, 5]), [4, 4]);
  assert.throws(() => ofFile("patches", file).init(new Rng(0)), {
    name: "UserError",
    message: "teacher.onnx: gives no features of patches to learn from",
  });
});
