import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import * as z from "zod";
import { type Array, Rng, type Tensor, type Traced, type TreeRecord, tree } from "../../src/array/index.ts";
import { vit } from "../../src/encoders/vit.ts";
import { compile, read } from "../../src/engine/index.ts";
import { combine } from "../../src/methods/combine.ts";
import { methods } from "../../src/methods/index.ts";
import { mae } from "../../src/methods/mae.ts";
import type { MethodDefinition, MethodParams } from "../../src/methods/method.ts";
import { simclr } from "../../src/methods/simclr.ts";
import { rotation } from "../../src/modalities/image/methods/rotation.ts";
import { autodidact, inFolder, writeImages } from "../support/cli.ts";
import { fixture, learned, stoppedAndResumed, vectorRun } from "../support/vectors.ts";
import { atStart, noEntry, stack, toyModality } from "./toy.ts";

const modality = toyModality(3, 8);
const encoder = vit.build(vit.options.parse({ width: 8, depth: 1, heads: 2, patchSize: 4 }), modality.specs);

/** The losses of a method, with its views of four samples drawn by `rng`. */
async function lossOf(definition: MethodDefinition, batch: TreeRecord<Tensor>, params: TreeRecord<Tensor>) {
  const method = definition.build({ encoder, modality, options: definition.options.parse({}), samples: 4 });
  const program = await compile(
    (weights: Traced<MethodParams>, views: TreeRecord<Array>) => {
      const { loss, metrics = {} } = method.loss(weights, views, {}, atStart());
      return { loss, ...metrics };
    },
    [params, batch],
    { device: "wasm" },
  );
  const values = await read(await program.run(params, batch));
  await program.dispose();
  return Object.fromEntries(tree.entries<Tensor>(values).map(([path, { data }]) => [path, data[0]!]));
}

test("the loss is the weighted sum of the tasks', with a head each on one encoder", async () => {
  const definition = await methods.load("rotation+simclr:0.5+mae:2");
  assert.deepEqual(
    definition.needs.map(({ name }) => name),
    ["perturb", "rotate", "augment", "patches"],
  );
  assert.equal(definition.defaultEncoder, "vit");
  assert.deepEqual(definition.recipe, rotation.recipe);
  const method = definition.build({ encoder, modality, options: definition.options.parse({}), samples: 4 });
  const params = method.init(new Rng(1));
  assert.deepEqual(Object.keys(params), ["encoder", "tasks"]);
  const tasks = params.tasks as Record<string, TreeRecord<Tensor>>;
  assert.deepEqual(Object.keys(tasks), ["rotation", "simclr", "mae"]);
  const views = [1, 2, 3, 4].map((sample) => method.views(sample, new Rng(sample), noEntry));
  const batch = stack(views) as Record<string, TreeRecord<Tensor>>;
  const together = await lossOf(definition, batch, params);
  let sum = 0;
  for (const [title, part, weight] of [
    ["rotation", rotation, 1],
    ["simclr", simclr, 0.5],
    ["mae", mae, 2],
  ] as const) {
    const alone = await lossOf(part, batch[title]!, { encoder: params.encoder, ...tasks[title] });
    for (const [metric, value] of Object.entries(alone))
      assert.ok(Math.abs(together[`${title}/${metric}`]! - value) < 1e-5, `${title}/${metric}`);
    sum += weight * alone.loss!;
  }
  assert.ok(Math.abs(together.loss! - sum) < 1e-4, `${together.loss} and ${sum}`);
});

test("an option that two methods have is prefixed with the method's name; the first's presets include the others'", () => {
  const fake = (name: string, rest: object): MethodDefinition => ({ ...simclr, name, ...rest }) as MethodDefinition;
  const presets = { small: { summary: "few", options: { temperature: 0.25 }, training: { epochs: 3 } } };
  const own = z.object({ temperature: z.number().default(0.1), queueSize: z.int().default(8) });
  const first = fake("moco-v2", { options: own, presets });
  const second = fake("simclr", { presets: { small: { summary: "x", options: { projectionDim: 9 } } } });
  const both = combine("both", [
    { definition: first, weight: 1 },
    { definition: second, weight: 1 },
  ]);
  assert.deepEqual(both.options.parse({}), {
    mocoV2Temperature: 0.1,
    queueSize: 8,
    simclrTemperature: 0.5,
    projectionDim: 128,
    positives: "views",
    extent: 0.5,
  });
  assert.deepEqual(both.presets?.small, {
    summary: "few",
    options: { mocoV2Temperature: 0.25, projectionDim: 9 },
    training: { epochs: 3 },
  });
});

test("bad combinations are refused in one line", async () => {
  const refused = async (name: string, message: RegExp) =>
    assert.rejects(methods.load(name), { name: "UserError", message });
  await refused("rotation+rotatoin", /^unknown method "rotatoin" \(did you mean rotation\?\); there are: .*$/);
  await refused("rotation+simclr:0", /^method "rotation\+simclr:0": the weight of simclr must be .* above 0, not 0$/);
  await refused("rotation:-1+simclr", /the weight of rotation must be a number above 0, not -1$/);
  await refused("rotation+simclr:much", /the weight of simclr must be a number above 0, not much$/);
  await refused("rotation+simclr:", /the weight of simclr must be a number above 0, not nothing$/);
  await refused("simclr+simclr:2", /simclr is named twice/);
  await refused("rotation+", /a name is missing/);
});

test("tasks from files run between epochs, and a resumed run continues exactly", () =>
  inFolder(async (folder) => {
    const method = `${fixture("epoch-method.ts")}+${fixture("preset-method.ts")}:0.5`;
    const options = { ...(await vectorRun(folder)), method, options: { size: 2 } };
    const whole = await learned(options);
    assert.deepEqual(
      whole.map((row) => row["centred/calls"]),
      [1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3],
    );
    for (const row of whole) assert.ok(Math.abs(row.loss! - (row["centred/loss"]! + 0.5 * row["preset/loss"]!)) < 1e-5);
    assert.deepEqual(await stoppedAndResumed({ ...options, out: join(folder, "resumed") }, 7), whole);
  }));

test("the command line has every task's options", () =>
  inFolder(async (folder) => {
    const help = autodidact("pretrain", "--method", "rotation+simclr:0.5", "--help").stdout;
    assert.match(help, /Method rotation\+simclr:0\.5:\n(.*\n)*? +--temperature/);
    const images = join(folder, "images");
    await writeImages(images, 6);
    const { code, stderr } = autodidact("pretrain", images, "--method", "rotation+simclr:0", "--out", folder);
    assert.equal(code, 2);
    assert.match(stderr, /^autodidact: method "rotation\+simclr:0": the weight of simclr.*\n$/);
  }));
