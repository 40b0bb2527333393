import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import onnxProto from "onnx-proto";
import { Rng } from "../../src/array/index.ts";
import { exportRun, publisherOf } from "../../src/evaluation/smaller/export-run.ts";
import { quantizeRun } from "../../src/evaluation/smaller/quantize-run.ts";
import { UserError } from "../../src/foundation/errors.ts";
import { openExported } from "../../src/interop/exported-model.ts";
import { sealed, unsealed } from "../../src/interop/onnx-seal.ts";
import { readEmbeddings, writeEmbeddings } from "../../src/interop/parquet.ts";
import { readSafetensors, writeSafetensors } from "../../src/interop/safetensors.ts";
import { checkpointPath } from "../../src/training/run/checkpoint.ts";
import { openRun } from "../../src/training/run/run.ts";
import { autodidact, TINY, writeImages } from "../support/cli.ts";

const folder = await mkdtemp(join(tmpdir(), "autodidact-damaged-"));
after(() => rm(folder, { recursive: true }));

const flipped = (bytes: Uint8Array, bit: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
};

test("a digest at the end of an ONNX file finds any flipped bit, and other programs read past it", () => {
  const model = onnxProto.onnx.ModelProto.encode({ irVersion: 8, producerName: "x", graph: { name: "g" } }).finish();
  const file = Buffer.concat(sealed(model));
  assert.deepEqual(Buffer.from(unsealed(file, "m")), Buffer.from(model));
  const read = onnxProto.onnx.ModelProto.decode(file);
  assert.equal(read.graph?.name, "g");
  assert.equal(read.metadataProps?.[0]?.key, "autodidact.digest");
  assert.equal(unsealed(model, "m"), model);
  for (let bit = 0; bit < 8 * file.length; bit++) {
    const damaged = flipped(file, bit);
    try {
      // A bit of the seal's own frame makes it a file without one; the model in it is whole.
      assert.deepEqual(unsealed(damaged, "m").subarray(0, model.length), Buffer.from(model), `bit ${bit}`);
      assert.ok(bit >= 8 * model.length, `bit ${bit}`);
    } catch (error) {
      assert.ok(error instanceof UserError && /^m: damaged/.test(error.message), `bit ${bit}: ${String(error)}`);
    }
  }
});

test("a flipped bit in an export, float32 or int8, is found when it is opened; values that are not finite too", async () => {
  const [data, other] = ["data", "other"].map((name) => join(folder, name)) as [string, string];
  await writeImages(data, 8);
  await writeImages(other, 8, 2, 20);
  const path = join(folder, "run");
  assert.equal(autodidact("pretrain", data, ...TINY, "--out", path).code, 0);
  const run = await openRun(path);
  const publisher = await publisherOf(run.modalityDefinition);
  const out = join(folder, "model");
  await exportRun({ run, out });
  const int8 = join(folder, "int8");
  await quantizeRun({ run, out: int8, seconds: 0 });
  const rng = new Rng(1);
  for (const file of [
    join(out, "model.onnx"),
    join(out, "onnx", "model.onnx"),
    join(int8, "onnx", "model_quantized.onnx"),
  ]) {
    const whole = await readFile(file);
    await (await openExported(whole, publisher)).dispose();
    for (let count = 0; count < 40; count++)
      await assert.rejects(
        openExported(flipped(whole, rng.integer(0, 8 * (whole.length - 60))), publisher, { name: file }),
        {
          name: "UserError",
          message: /: damaged: its content is not what was written/,
        },
      );
    await assert.rejects(openExported(whole.subarray(0, whole.length >> 1), publisher), {
      name: "UserError",
      message: /^model\.onnx: not a model that ONNX Runtime can run/,
    });
  }
  const weights = join(out, "model.safetensors");
  const whole = await readFile(weights);
  for (let count = 0; count < 40; count++) {
    await writeFile(weights, flipped(whole, rng.integer(8 * 2000, 8 * whole.length - 1)));
    await assert.rejects(readSafetensors(weights), { name: "UserError" });
  }

  // Weights that are not finite, with the digest that belongs to them.
  const last = checkpointPath(path, "last");
  const { tensors, metadata } = await readSafetensors(last);
  const name = "params.encoder.stem.conv.weight";
  const tensor = tensors.get(name)!;
  const spoilt = { ...tensor, data: tensor.data.map(() => Number.NaN) };
  await writeSafetensors(last, new Map(tensors).set(name, spoilt), metadata);
  for (const args of [
    ["embed", path, data, "--out", join(folder, "x.parquet")],
    ["evaluate", path, "--train", data, "--test", other],
    ["few-shot", path, data, "--ways", "2", "--shots", "1", "--queries", "2"],
    ["duplicates", path, data],
    ["suggest", path, data, "--budget", "2"],
    ["look", path, data],
    ["serve", path, "--port", "0"],
    ["pretrain", data, "--from", path, "--out", join(folder, "next")],
    ["pretrain", "--resume", path],
    ["quantize", path, "--out", join(folder, "bad"), "--train", data, "--test", other],
    ["finetune", path, "--train", data, "--epochs", "1", "--batch-size", "4", "--out", join(folder, "tuned")],
  ]) {
    const { code, stderr } = autodidact(...args);
    assert.equal(code, 2, `${args.join(" ")}: ${code} ${stderr}`);
    assert.match(stderr, /^autodidact: .*not finite/m, args[0]);
  }
});

test("a flipped bit in a table of vectors is found, and vectors that are not finite are neither written nor read", async () => {
  const file = join(folder, "vectors.parquet");
  const table = {
    paths: ["a", "b", "c"],
    labels: ["x", null, "y"],
    data: Float32Array.of(1, 2, 3, 4, 5, 6),
    dim: 2,
    metadata: { run: "r" },
  };
  await writeEmbeddings(file, table);
  assert.deepEqual(await readEmbeddings(file), table);
  const whole = await readFile(file);
  const rng = new Rng(2);
  for (let count = 0; count < 60; count++) {
    await writeFile(file, flipped(whole, rng.integer(0, 8 * whole.length - 1)));
    const read = await readEmbeddings(file).catch((error: unknown) => error);
    if (read instanceof UserError) continue;
    // Bits that hold nothing: statistics, names of programs, metadata.
    const { data, paths, labels } = read as typeof table;
    assert.deepEqual({ data, paths, labels }, { data: table.data, paths: table.paths, labels: table.labels });
  }
  const message = /vectors\.parquet: row 2 \(b\) has values that are not finite/;
  const data = Float32Array.of(1, 2, Number.NaN, 4, 5, 6);
  await assert.rejects(writeEmbeddings(file, { ...table, data }), { name: "UserError", message });
});
