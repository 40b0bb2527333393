/** Labels for each token: targets, features, probes and fine-tuning, on proteins whose labels follow from their residues. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Rng } from "../../../src/array/rng.ts";
import { answersOf, truthsOf, unknownAmong } from "../../../src/data/answers.ts";
import { finetune } from "../../../src/evaluation/labels/finetune.ts";
import { judge } from "../../../src/evaluation/labels/judge.ts";
import { predict } from "../../../src/evaluation/labels/predict.ts";
import { predictor } from "../../../src/evaluation/labels/predictor.ts";
import { encodedTokens, tokenFeatures } from "../../../src/evaluation/labels/token-features.ts";
import { evaluate } from "../../../src/evaluation/worth/evaluate.ts";
import { evaluationTable, verdictTable } from "../../../src/evaluation/worth/table.ts";
import { labelOptions, targetsOf } from "../../../src/methods/parts/labels.ts";
import { pretrain } from "../../../src/training/pretrain.ts";
import { autodidact, inFolder } from "../../support/cli.ts";

test("the labels of a sample are a letter for each unit, or words; - is none", () => {
  const answers = answersOf("token-classification", ["HH-E", "C", "--"]);
  assert.deepEqual(answers.outputs, ["C", "E", "H"]);
  assert.deepEqual(
    truthsOf(answers, ["HH-E"]).map((truth) => [...truth]),
    [[0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0]],
  );
  assert.deepEqual(answersOf("token-classification", ["NOUN VERB - DET", "NOUN"]).outputs, ["DET", "NOUN", "VERB"]);
  assert.equal(unknownAmong(answers, ["HGX"]), "G");
});

test("targets lie at the tokens of their units, with weight 0 elsewhere; the loss is the mean over labelled tokens", () => {
  const { ofUnits } = targetsOf(labelOptions.parse({ task: "token-classification", classes: ["HH-E", "EE"] }));
  // begin, units 1 to 4 of a window, end, padding: unit 4 lies beyond the labels.
  const { values, weight } = ofUnits(0, Int32Array.of(-1, 1, 2, 3, 4, -1, -1));
  assert.deepEqual([...weight.data], [0, 1, 0, 1, 0, 0, 0]);
  assert.deepEqual([...values.data], [0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual([...ofUnits(-1, Int32Array.of(0, 1)).weight.data], [0, 0]);
});

const RESIDUES = "LAGVSERTIDPKQNFYMHWC";

/** A residue is "H" if the one before it is in the first half of the alphabet, else "E": no residue tells its own label. */
function labelled(count: number, seed: number): { fasta: string; labels: string } {
  const rng = new Rng(seed).split("labelled");
  const proteins = Array.from({ length: count }, () =>
    Array.from({ length: rng.integer(12, 28) }, () => RESIDUES[rng.integer(0, RESIDUES.length - 1)]!),
  );
  const label = (residues: readonly string[]) =>
    residues.map((_, at) => (at === 0 ? "-" : RESIDUES.indexOf(residues[at - 1]!) < 10 ? "H" : "E")).join("");
  return {
    fasta: proteins.map((residues, at) => `>p${at}\n${residues.join("")}\n`).join(""),
    labels: proteins.map((residues, at) => `>p${at}\n${label(residues)}\n`).join(""),
  };
}

test("a probe and a fine-tuned model of tokens, over the labels that are there", () =>
  inFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    for (const [name, count, seed] of [
      ["train", 120, 0],
      ["test", 40, 1],
    ] as const) {
      const { fasta, labels } = labelled(count, seed);
      await writeFile(at(`${name}.fasta`), fasta);
      await writeFile(at(`${name}-labels.fasta`), labels);
    }
    const run = await pretrain({
      ...{ data: at("train.fasta"), out: at("run"), method: "bert", preset: "esm" },
      encoderOptions: { width: 32, depth: 1, heads: 2 },
      modalityOptions: { maxLength: 24 },
      training: { epochs: 1, batchSize: 8, workers: 0, threads: 1 },
    });
    const data = {
      train: at("train.fasta"),
      test: at("test.fasta"),
      trainLabels: at("train-labels.fasta"),
      testLabels: at("test-labels.fasta"),
    };

    // Features: a row for each labelled token within the 22 residues that the encoder reads.
    const source = await run.modalityDefinition.open(data.test, { labels: data.testLabels });
    const answers = answersOf("token-classification", source.classes ?? []);
    const vectors = await encodedTokens(run.encoder, run.params, run.modality);
    const features = await tokenFeatures(vectors, { modality: run.modality, source, answers });
    const lengths = (source.classes ?? []).map((text) => Math.min(22, text.length) - 1);
    const expected = [...(source.labels ?? [])].reduce((sum, label) => sum + lengths[label]!, 0);
    assert.deepEqual([features.rows, features.dim, features.data.length], [expected, 32, 32 * expected]);
    const some = await tokenFeatures(vectors, { modality: run.modality, source, answers, most: 100, seed: 1 });
    assert.ok(some.rows > 60 && some.rows < 150, `${some.rows} of about 100`);
    await vectors.dispose();

    const evaluation = await evaluate({ run, ...data, task: "token-classification", scratch: false });
    assert.deepEqual(evaluation.outputs, ["E", "H"]);
    const accuracy = Object.fromEntries(evaluation.contestants.map(({ role, linear }) => [role, linear?.mean ?? 0]));
    // The neighbour is in the baseline's window.
    assert.ok(accuracy.baseline! > 0.97, JSON.stringify(accuracy));
    assert.ok((evaluation.chance ?? 1) < 0.6);
    assert.match(evaluationTable(evaluation), /Accuracy on \d+ labelled tokens of 40 test samples, of 2 classes/);
    const few = await evaluate({
      run,
      ...data,
      task: "token-classification",
      scratch: false,
      labelCount: 10,
      draws: 2,
    });
    assert.ok(few.train.used > 100 && few.train.used < 250, `${few.train.used} tokens of 10 proteins`);

    const folded = { run, train: data.train, trainLabels: data.trainLabels, folds: "3", labelCount: 10 };
    await assert.rejects(
      evaluate({ ...folded, task: "token-classification", scratch: false }),
      /--folds with --label-count is not for --task token-classification/,
    );

    const tuned = await finetune({
      ...{ from: run.path, train: data.train, labels: data.trainLabels, out: at("tuned") },
      ...{ task: "token-classification", steps: 120 },
      training: { workers: 0, threads: 1, learningRate: 3e-3 },
    });
    const verdict = await judge({ run: tuned, data: data.test, labels: data.testLabels });
    assert.equal(verdict.rows, expected);
    assert.ok(verdict.score > 0.9, `fine-tuned ${verdict.score}, chance ${evaluation.chance}`);
    assert.match(verdictTable(verdict), /accuracy +(0\.9|1\.0).*tokens/s);

    // What is written is a letter for each residue that was read, as the predictor says.
    await predict({ run: tuned, data: data.test, out: at("predictions.csv") });
    const [head, first = ""] = (await readFile(at("predictions.csv"), "utf8")).split("\n");
    assert.equal(head?.trim(), "path,prediction");
    const protein = (await source.read(0)) as { residues: string };
    assert.match(first, new RegExp(`^p0,[EH]{${Math.min(22, protein.residues.length)}}\\r?$`));
    const model = await predictor(tuned);
    const outputs = await model.predict([tuned.modality.tensors(await source.read(0))]);
    assert.ok(Number.isNaN(outputs[0]) && Math.abs(outputs[2]! + outputs[3]! - 1) < 1e-5);
    await model.dispose();
    await source.close();

    const refused = autodidact(
      "finetune",
      run.path,
      "--train",
      data.train,
      "--train-labels",
      data.trainLabels,
      "--out",
      at("x"),
      "--task",
      "token-classification",
      "--balanced",
    );
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /balanced does nothing with --task token-classification/);
  }));
