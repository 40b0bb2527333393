/** In a combination every method keeps what it has alone: over all methods of the registry, with another of their kind of data. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Tensor, tree } from "../../src/array/index.ts";
import { modalities } from "../../src/data/index.ts";
import { openPaths } from "../../src/data/paths/open.ts";
import { optionOwners } from "../../src/foundation/combination.ts";
import { exportRun, finetune, openRun, pretrain } from "../../src/index.ts";
import { combine } from "../../src/methods/combine.ts";
import { type MethodDefinition, methods } from "../../src/methods/index.ts";
import { checkpointPath, loadCheckpoint } from "../../src/training/run/checkpoint.ts";
import type { RunChoices } from "../../src/training/run/choices.ts";
import { buildMethod, buildParts } from "../../src/training/run/run.ts";
import { settle } from "../../src/training/run/settle.ts";
import { autodidact, inFolder, writeImages } from "../support/cli.ts";

const sentences = Array.from(
  { length: 40 },
  (_, at) =>
    `The ${["cat", "dog", "bird", "fish"][at % 4]} number ${at} sat on the ${["mat", "roof", "tree"][at % 3]}. It was ${["red", "green"][at % 2]}.`,
);

async function specimen(kind: "image" | "text", folder: string): Promise<string> {
  if (kind === "image") {
    await writeImages(join(folder, "images"), 6);
    return join(folder, "images");
  }
  await writeFile(join(folder, "texts.txt"), `${sentences.join("\n\n")}\n`);
  return join(folder, "texts.txt");
}

/** The configuration that a run would have. */
async function settled(choices: Omit<RunChoices, "modality">, kind: "image" | "text") {
  const definition = await modalities.load(kind);
  const source = await openPaths(definition, choices.data);
  try {
    const { config, samples } = await settle(choices, definition, source);
    if (samples !== source) await samples.close();
    return config;
  } finally {
    await source.close();
  }
}

type Config = Awaited<ReturnType<typeof settled>>;

/** Asserts that a combination's settings of a method are those it has alone. */
function assertKept(alone: Config, together: Config, part: MethodDefinition, whole: MethodDefinition): void {
  assert.equal(together.encoder.name, alone.encoder.name, `${whole.name}: encoder`);
  assert.deepEqual(together.encoder.options, alone.encoder.options, `${whole.name}: its options`);
  assert.deepEqual(together.modality.options, alone.modality.options, `${whole.name}: views`);
  for (const [option, { task, key }] of optionOwners(whole.tasks as Parameters<typeof optionOwners>[0]))
    if (task.definition.name === part.name)
      assert.deepEqual(together.method.options[option], alone.method.options[key], `${whole.name}: ${option}`);
}

/** Asserts that nothing is lost of what a definition declares. */
function assertDeclared(part: MethodDefinition, whole: MethodDefinition): void {
  const includes = (all: object | undefined, some: object | undefined, field: string) => {
    for (const [key, value] of Object.entries(some ?? {}))
      assert.deepEqual((all as Record<string, unknown> | undefined)?.[key], value, `${whole.name}: ${field} ${key}`);
  };
  for (const field of ["encoderOptions", "modalityOptions", "replaces"] as const)
    includes(whole[field], part[field], field);
  assert.ok(!part.learned || whole.learned === `${part.name}.${part.learned}`, `${whole.name}: learned`);
  assert.ok(part.defaultEncoder === undefined || whole.defaultEncoder === part.defaultEncoder, whole.name);
  assert.ok(part.causal === undefined || whole.causal === part.causal, whole.name);
  assert.deepEqual(
    (part.runs ?? []).filter((run) => !whole.runs?.includes(run)),
    [],
    whole.name,
  );
  for (const preset of Object.keys(part.presets ?? {})) assert.ok(whole.presets?.[preset], `${whole.name}: ${preset}`);
  assert.deepEqual(
    part.needs.filter(({ name }) => !whole.needs.some((need) => need.name === name)),
    [],
    whole.name,
  );
}

for (const [kind, other, left] of [
  ["image", "rotation", ["rotation"]],
  ["text", "bag-of-words", ["bag-of-words", "causal-lm"]],
] as const)
  test(`every method that suits ${kind}s has with ${other} what it has alone, also by its preset small`, () =>
    inFolder(async (folder) => {
      const data = await specimen(kind, folder);
      let tried = 0;
      for (const part of await methods.all()) {
        if (left.some((name) => name === part.name)) continue;
        for (const preset of [undefined, "small"]) {
          if (preset !== undefined && !part.presets?.[preset]) continue;
          const choices = { data, ...(preset ? { preset } : {}) };
          const alone = await settled({ ...choices, method: part.name }, kind);
          // Those that build on a run are told apart from those that cannot read such data.
          const suits = part.runs ? buildParts(alone) : buildMethod(alone, 8);
          if (!(await suits.catch(() => undefined))) continue;
          const whole = await methods.load(`${part.name}+${other}`);
          const together = await settled({ ...choices, method: whole.name }, kind);
          if (kind === "image") assertKept(alone, together, part, whole);
          else {
            // Texts for bags of words are not packed, whatever the other leaves open.
            assert.equal(together.modality.options.pack, false, whole.name);
            // What follows from the number of samples, such as a queue, is that of texts one by one.
            const single = await settled({ ...choices, method: part.name, modalityOptions: { pack: false } }, kind);
            assertKept(single, together, part, whole);
          }
          await buildParts(together);
          tried++;
          assertDeclared(part, whole);
          if (part.runs) continue;
          const [one, both] = [await buildMethod(alone, 8), await buildMethod(together, 8)].map(({ method }) => method);
          for (const member of ["look", "prototypes", "tokenLogits", "predict", "linearHead", "answers"] as const)
            assert.ok(!one![member] || both![member], `${whole.name} lacks ${member}`);
        }
      }
      assert.ok(tried > (kind === "image" ? 60 : 15), `${tried} combinations`);
    }));

describe("what cannot be merged is an error that names both", () => {
  const refused = (name: string, message: RegExp) => assert.rejects(methods.load(name), { name: "UserError", message });

  test("two teachers, two directions", async () => {
    await refused("dino+rotation+i-jepa", /dino and i-jepa are each evaluated by a teacher of their own/);
    await refused("bert+causal-lm", /causal-lm predicts each token from those before it, bert from both sides/);
  });

  test("other values of an option, unless the user decides", () =>
    inFolder(async (folder) => {
      const data = await specimen("image", folder);
      const method = "byol+simmim";
      await assert.rejects(settled({ data, method }, "image"), {
        name: "UserError",
        message: "byol asks for cropScale 0.08,1, and simmim for 0.67,1; choose one with --crop-scale",
      });
      const { modality } = await settled({ data, method, modalityOptions: { cropScale: [0.5, 1] } }, "image");
      assert.deepEqual([modality.options.cropScale, modality.options.saturation], [[0.5, 1], 0.5]);
      await assert.rejects(settled({ data, method: "dino+mae", preset: "small" }, "image"), {
        name: "UserError",
        message: "dino asks for encoder resnet, and mae for vit; choose one with --encoder",
      });
      const { encoder } = await settled({ data, method: "dino+mae", encoder: "vit" }, "image");
      assert.equal(encoder.options.pooling, "class");
      await assert.rejects(
        settled({ data, method: "dino+rotation", modalityOptions: { cropScale: [0.5, 1] } }, "image"),
        { message: /^cropScale has no effect with dino, which has globalScale .*; it would change rotation only$/ },
      );
      await assert.rejects(settled({ data, method: "dino+rotation", training: { ema: 0.9 } }, "image"), {
        message: /--ema has no effect with dino\+rotation, which is evaluated by its teacher/,
      });
    }));

  test("runs of two methods under one option name are told apart", async () => {
    const [distill, beit] = [await methods.load("distill"), await methods.load("beit")];
    const second = { ...distill, name: "other" };
    const whole = combine(
      "both",
      [distill, second, beit].map((definition) => ({ definition, weight: 1 })),
    );
    assert.deepEqual(whole.runs, ["distillTeacher", "otherTeacher", "visualTokenizer"]);
  });
});

const tiny = { width: 8, depth: 1, heads: 2, patchSize: 4 };
const training = { epochs: 1, batchSize: 4, workers: 0, threads: 1 };

test("a combination with a teacher is evaluated by it, and its head with it", () =>
  inFolder(async (folder) => {
    const data = await specimen("image", folder);
    const run = await pretrain({
      ...{ data, out: join(folder, "run"), method: "rotation+dino", encoder: "vit", encoderOptions: tiny },
      options: { prototypes: 8, hiddenDim: 8, bottleneckDim: 4, localCrops: 1, localSide: 0.5, momentum: 0.5 },
      modalityOptions: { imageSize: 16 },
      training,
    });
    const { state } = await loadCheckpoint(checkpointPath(run.path, "last"));
    const leaves = new Map(tree.entries<Tensor>(state));
    for (const [path, { data: values }] of tree.entries<Tensor>(run.methodParams.encoder)) {
      assert.deepEqual(values, leaves.get(`memory.dino.teacher.encoder.${path}`)!.data, path);
    }
    const first = "patchEmbed" in run.params ? "patchEmbed" : Object.keys(run.params)[0]!;
    const [leaf] = tree.entries<Tensor>({ [first]: run.params[first]! });
    assert.notDeepEqual(leaf![1].data, leaves.get(`params.encoder.${leaf![0]}`)!.data);
    const tasks = new Map(tree.entries<Tensor>(run.methodParams));
    const last = "head.last.weight";
    assert.deepEqual(tasks.get(`tasks.dino.${last}`)!.data, leaves.get(`memory.dino.teacher.${last}`)!.data);
    assert.deepEqual(
      tasks.get("tasks.rotation.head.weight")!.data,
      leaves.get("params.tasks.rotation.head.weight")!.data,
    );

    // With labels the student is evaluated: the head of the labels is trained on its features.
    const tuned = await finetune({
      ...{
        from: run.path,
        train: data,
        out: join(folder, "tuned"),
        with: "dino:0.1",
        training: { ...training, epochs: 2 },
      },
      options: { prototypes: 8, hiddenDim: 8, bottleneckDim: 4, localCrops: 1, localSide: 0.5 },
    });
    assert.deepEqual(tuned.config.modality.options.blur, [1, 0.1, 0.5]);
    assert.equal(tuned.methodDefinition.learned, undefined);
    const trained = new Map(tree.entries<Tensor>((await loadCheckpoint(checkpointPath(tuned.path, "best"))).state));
    for (const [path, { data: values }] of tree.entries<Tensor>(tuned.params))
      assert.deepEqual(values, trained.get(`params.encoder.${path}`)!.data, path);
  }));

test("fine-tuning with a task that asks for another encoder keeps the run's, and says so", () =>
  inFolder(async (folder) => {
    const data = await specimen("image", folder);
    const common = { encoder: "vit", encoderOptions: tiny, modalityOptions: { imageSize: 16 }, training } as const;
    const run = await pretrain({
      ...common,
      data,
      out: join(folder, "run"),
      method: "mae",
      options: { decoderDepth: 1 },
    });
    const notes: string[] = [];
    const tuned = await finetune({
      ...{ from: run.path, train: data, out: join(folder, "tuned"), with: "moco-v3:0.1", training },
      options: { hiddenDim: 8, projectionDim: 8 },
      onNote: (note) => notes.push(note),
    });
    assert.equal(tuned.config.encoder.options.pooling, "mean");
    assert.deepEqual(tuned.config.modality.options.cropScale, [0.08, 1]);
    assert.ok(
      notes.some((note) => /^moco-v3:0.1 asks for another encoder than .* has; that of .* is kept$/.test(note)),
    );
  }));

test("BEiT and rotation train on a tokenizer's codes, and are exported without it", () =>
  inFolder(async (folder) => {
    const data = await specimen("image", folder);
    const common = { data, encoder: "vit", encoderOptions: tiny, modalityOptions: { imageSize: 16 }, training };
    const codes = join(folder, "codes");
    await pretrain({ ...common, out: codes, method: "vq-autoencoder", options: { codes: 8, codeDim: 4 } });
    const out = join(folder, "run");
    const command = `pretrain ${data} --method beit+rotation --visual-tokenizer ${codes} --encoder vit --out ${out}`;
    const flags = "--width 8 --depth 1 --heads 2 --patch-size 4 --image-size 16 --epochs 1 --batch-size 4 --workers 1";
    const { code, stderr } = autodidact(...command.split(" "), ...flags.split(" "));
    assert.equal(code, 0, stderr);
    const run = await openRun(out);
    assert.equal(run.config.method.options.visualTokenizer, codes);
    const { files } = await exportRun({ run, out: join(folder, "model") });
    assert.ok(files.includes("model.onnx"));
  }));

test("iBOT and rotation train by their preset small, and an unknown need is its own method's", () =>
  inFolder(async (folder) => {
    const data = await specimen("image", folder);
    const command = `pretrain ${data} --method ibot+rotation --preset small --out ${join(folder, "run")}`;
    const flags = "--width 8 --depth 1 --heads 2 --image-size 16 --epochs 1 --batch-size 4 --workers 1 --prototypes 8";
    const { code, stderr } = autodidact(...command.split(" "), ...flags.split(" "));
    assert.equal(code, 0, stderr);
    const other = autodidact(...`${command}2 --encoder resnet`.split(" "));
    assert.equal(other.code, 2);
    assert.match(other.stderr, /method ibot needs an encoder that/);
  }));

test("a language model in a combination predicts tokens, and is exported as one", () =>
  inFolder(async (folder) => {
    const data = await specimen("text", folder);
    const run = await pretrain({
      ...{ data, out: join(folder, "run"), method: "simcse+bert", encoder: "transformer" },
      encoderOptions: { width: 8, depth: 1, heads: 2, headDim: 4 },
      modalityOptions: { maxLength: 16, vocabularySize: 80 },
      training,
    });
    assert.equal(run.config.encoder.options.pooling, "first");
    assert.equal(run.config.modality.options.pack, false);
    const { files } = await exportRun({ run, out: join(folder, "model") });
    assert.ok(files.includes("model.safetensors"), files.join());
    const { code, stderr, stdout } = autodidact("text", "complete", run.path, "The cat sat on the [MASK].");
    assert.equal(code, 0, stderr + stdout);
  }));
