import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Rng, type Tensor, tree } from "../../src/array/index.ts";
import type { Encoder } from "../../src/encoders/index.ts";
import { resnet } from "../../src/encoders/resnet.ts";
import { distill } from "../../src/methods/distill.ts";
import type { FrozenRun } from "../../src/methods/index.ts";
import { pretrain } from "../../src/training/pretrain.ts";
import { loadCheckpoint } from "../../src/training/run/checkpoint.ts";
import { inFolder, writeImages } from "../support/cli.ts";
import { assertIsTorchs, assertLearns, assertMemoryIsFixed, images, modality, tinyVit } from "./checks.ts";

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
