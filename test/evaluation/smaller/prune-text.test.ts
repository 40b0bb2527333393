import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { offerOf } from "../../../src/data/ability.ts";
import { sequence } from "../../../src/encoders/abilities.ts";
import { evaluateLanguage } from "../../../src/evaluation/language/language.ts";
import { taylor } from "../../../src/evaluation/smaller/pruning/importance.ts";
import { prunable } from "../../../src/evaluation/smaller/pruning/prunable.ts";
import { prune } from "../../../src/evaluation/smaller/pruning/structures.ts";
import { exportedFeatures } from "../../../src/evaluation/smaller/shipped.ts";
import { exportRun, extractFeatures, openRun, type PretrainOptions, pretrain, pruneRun } from "../../../src/index.ts";
import { openExported } from "../../../src/interop/exported-model.ts";
import { textPublisher } from "../../../src/modalities/text/publish/index.ts";
import { arrange } from "../../../src/training/run/settle.ts";
import { CORPUS } from "../../modalities/text/corpus.ts";
import { inFolder } from "../../support/cli.ts";

/** Every text is one of four, so that a word follows from those around it. */
const SENTENCES = [
  "the cat sat on the mat",
  "a dog ran in the park",
  "my bird sang from a tree",
  "our fish swam under the bridge",
];
const training = { epochs: 40, batchSize: 16, learningRate: 5e-3, warmupEpochs: 1, workers: 0, threads: 1 };

async function learned(folder: string, more: Partial<PretrainOptions>) {
  const data = join(folder, "train.csv");
  await writeFile(data, `text\n${Array.from({ length: 64 }, (_, index) => SENTENCES[index % 4]).join("\n")}\n`);
  return pretrain({
    ...{ data, out: join(folder, "run"), modality: "text", method: "bert", training },
    encoderOptions: { width: 32, depth: 2, heads: 4 },
    modalityOptions: { maxLength: 12, pack: false, tokenizerKind: "bpe" },
    ...more,
  });
}

test("a BERT with fewer heads and units runs, exports, and recovers", () =>
  inFolder(async (folder) => {
    const run = await learned(folder, {});
    const out = join(folder, "half");
    const pruned = await pruneRun({ run, out, keep: 0.25, batches: 2, recoverEpochs: 20, seconds: 0.1 });
    assert.deepEqual(
      pruned.models.map(({ name }) => name),
      ["before", "pruned to 1 of 4 heads, 32 of 128 units", "recovered"],
    );
    const [before, small] = pruned.models;
    assert.ok(small!.bytes < before!.bytes);
    const { heads, headDim, mlpRatio, width } = pruned.run.encoder.hyperparameters;
    assert.deepEqual([heads, headDim, mlpRatio, width], [1, 8, 1, 32]);
    const data = join(folder, "train.csv");
    const perplexity = async (path: string) =>
      (await evaluateLanguage({ run: await openRun(path), data, samples: 8 })).perplexity;
    const [whole, less, recovered] = [
      await perplexity(run.path),
      await perplexity(join(out, "pruned")),
      await perplexity(out),
    ];
    assert.ok(recovered < 0.9 * less && whole < less, `${whole} before, ${less} pruned, ${recovered} recovered`);

    const to = join(folder, "model");
    await exportRun({ run: pruned.run, out: to });
    const file = await openExported(await readFile(join(to, "model.onnx")), textPublisher);
    const { encoder, params, modality } = pruned.run;
    const source = await pruned.run.modalityDefinition.open(data);
    const exported = await exportedFeatures(file, pruned.run, source);
    const ours = await extractFeatures({ encoder, params, modality, source });
    exported.data.forEach((value, at) => {
      assert.ok(Math.abs(value - ours.data[at]!) < 1e-4, `${at}: ${value} for ${ours.data[at]}`);
    });
    await file.dispose();
    await source.close();
  }));

test("importance uses the windows of the training texts", () =>
  inFolder(async (folder) => {
    const data = join(folder, "book.txt");
    await writeFile(data, CORPUS.slice(0, 60).join("\n"));
    const run = await learned(folder, {
      ...{ data, method: "causal-lm", training: { ...training, epochs: 2 } },
      modalityOptions: { maxLength: 16, vocabularySize: 160 },
    });
    const { run: half } = await pruneRun({ run, out: join(folder, "half"), keep: 0.5, batches: 1, seconds: 0.1 });
    const { structures } = prunable.transformer!(run.encoder, run.params);
    const source = await run.modalityDefinition.open(data);
    const windows = await arrange(run.modalityDefinition, source, run.config.modality);
    assert.notEqual(windows.length, source.length);
    const scores = await taylor({ run, source: windows, structures, batches: 1 });
    await windows.close();
    await source.close();
    assert.deepEqual(half.params, prune(run.params, structures, scores, [2, 64, 2, 64]));
  }));

test("BART's decoder keeps its heads; ELECTRA's generator would change its shape, so it does not recover", () =>
  inFolder(async (folder) => {
    const once = { ...training, epochs: 1 };
    const bart = await learned(folder, { method: "bart", training: once, out: join(folder, "bart") });
    const common = { keep: 0.5, batches: 1, seconds: 0.1 };
    const half = await pruneRun({ ...common, run: bart, out: join(folder, "half"), recoverEpochs: 1 });
    assert.equal(half.models.length, 3);
    assert.equal(offerOf(half.run.encoder, sequence)?.wholeHeads, 4);
    const electra = await learned(folder, { method: "electra", training: once, out: join(folder, "electra") });
    const asked = { ...common, run: electra };
    await assert.rejects(pruneRun({ ...asked, out: join(folder, "no"), recoverEpochs: 1 }), {
      name: "UserError",
      message: /electra has parts whose size follows the encoder's \(generator\..*leave out --recover-epochs$/,
    });
    assert.equal((await pruneRun({ ...asked, out: join(folder, "small") })).models.length, 2);
  }));
