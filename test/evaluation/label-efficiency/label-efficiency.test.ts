import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Rng } from "../../../src/array/index.ts";
import { labelEfficiency } from "../../../src/evaluation/label-efficiency/label-efficiency.ts";
import { pretrain } from "../../../src/training/pretrain.ts";
import { inFolder } from "../../support/cli.ts";
import { vectorRun } from "../../support/vectors.ts";

/** Rows of two classes separable by one number, one without a label and one that cannot be read. */
async function writeRows(file: string, count: number): Promise<string> {
  const rng = new Rng(count);
  const rows: { vector: number[] | null; label?: string }[] = Array.from({ length: count }, (_, at) => ({
    vector: [3 * (at % 2) - 1.5, rng.normal(), rng.normal(), rng.normal()],
    label: at % 2 === 0 ? "low" : "high",
  }));
  rows.push({ vector: [0, 0, 0, 0] }, { vector: null, label: "low" });
  await writeFile(file, JSON.stringify(rows));
  return file;
}

test("data without pictures or texts, frozen features only; unlabelled and unreadable entries are left out", () =>
  inFolder(async (folder) => {
    const run = await pretrain(await vectorRun(folder));
    const [train, unseen] = [join(folder, "train.vectors.json"), join(folder, "test.vectors.json")];
    await writeRows(train, 40);
    await writeRows(unseen, 20);
    const out = join(folder, "report");
    const options = { run, train, test: unseen, shares: [20, 100], draws: 2, finetune: false, scratch: false, out };
    const stopped = new AbortController();
    stopped.abort();
    assert.equal(await labelEfficiency({ ...options, signal: stopped.signal }), undefined);
    assert.ok(!existsSync(join(out, "report.json")));

    const stages = new Set<string>();
    const report = await labelEfficiency({ ...options, onProgress: (stage) => stages.add(stage) });
    assert.ok(report);
    assert.deepEqual([report.train.entries, report.train.labelled, report.train.broken], [42, 40, 1]);
    assert.deepEqual([report.test.labelled, report.test.broken], [20, 1]);
    assert.deepEqual(report.outputs, ["high", "low"]);
    assert.equal(report.chance, 0.5);
    assert.deepEqual(Object.keys(report.curves), ["probe", "untrained"]);
    // 41 labels, the unreadable one's among them.
    assert.deepEqual(
      report.curves.probe?.map(({ labels, draws }) => [labels, draws]),
      [
        [8, 2],
        [41, 2],
      ],
    );
    const [few, all] = report.pretrained;
    assert.ok(all && few && all.mean > 0.85, `${all?.mean}`);
    assert.equal(report.saved, undefined);
    assert.equal(
      report.best.confusion?.flat().reduce((sum, count) => sum + count, 0),
      40,
    );
    assert.match([...stages].join("\n"), /^untrained, 41 labels, draw 2 of 2 \(8 of 8, about \d+ s left\)$/m);
    const html = await readFile(join(out, "report.html"), "utf8");
    assert.match(
      html,
      /<blockquote>[-\d. ]+ \(low\)<\/blockquote><ol class="found"><li>[-\d. ]+ <span class="(right|wrong)">/,
    );

    const refused = (more: Partial<typeof options>, message: RegExp) =>
      assert.rejects(labelEfficiency({ ...options, ...more }), { name: "UserError", message });
    await refused({ shares: [1] }, /41 labels: shares of 1 % are fewer labels than the 2 classes/);
    await refused({ train: String(run.config.data.path) }, /no labels; put each class in a sub-folder/);
    const one = join(folder, "one.vectors.json");
    await writeFile(one, JSON.stringify(["high", "mid"].map((label, at) => ({ vector: [1, 2, 3, at], label }))));
    await refused({ train: one }, /test\.vectors\.json: class "low" does not occur in .*one\.vectors\.json \(high/);
    const same = /test\.vectors\.json: the same samples as .*test\.vectors\.json; training data cannot be test data/;
    await refused({ train: unseen }, same);
    const elsewhere = join(folder, "copy.vectors.json");
    await copyFile(unseen, elsewhere);
    await refused({ train: elsewhere }, /test\.vectors\.json: the same samples as .*copy\.vectors\.json/);
    const two = join(folder, "two.vectors.json");
    await writeFile(two, JSON.stringify([{ vector: [1, 2, 3, 5], label: "high" }]));
    await refused({ train: two }, /every label is "high"; at least two are needed/);
    const values = join(folder, "values.vectors.json");
    await writeFile(
      values,
      JSON.stringify(Array.from({ length: 30 }, (_, at) => ({ vector: [0, 0, 0, at], label: `${at / 8}` }))),
    );
    await refused({ train: values }, /values\.vectors\.json: the labels are values/);

    // A second call writes the same page, and repeats no training.
    const again = await labelEfficiency(options);
    assert.deepEqual({ ...again, frozen: undefined }, { ...report, frozen: undefined });
    const withoutClock = (page: string) => page.replace(/<h2>Time and cost<[\s\S]*?<\/section>/, "");
    const drawnAgain = await readFile(join(out, "report.html"), "utf8");
    assert.equal(withoutClock(drawnAgain).replaceAll(/zr\d+/g, ""), withoutClock(html).replaceAll(/zr\d+/g, ""));
  }));

test("several labels a sample and values have their own reports", () =>
  inFolder(async (folder) => {
    const run = await pretrain(await vectorRun(folder));
    const write = async (name: string, count: number, labelOf: (vector: readonly number[]) => string) => {
      const rng = new Rng(count);
      const rows = Array.from({ length: count }, () => {
        const vector = Array.from({ length: 4 }, () => rng.normal());
        return { vector, label: labelOf(vector) };
      });
      const file = join(folder, `${name}.vectors.json`);
      await writeFile(file, JSON.stringify(rows));
      return file;
    };
    const reportOf = async (task: "multi-label" | "regression", labelOf: (vector: readonly number[]) => string) => {
      const [train, unseen] = [await write(`${task} train`, 60, labelOf), await write(`${task} test`, 40, labelOf)];
      const out = join(folder, task);
      const plain = { run, train, test: unseen, shares: [3, 20, 100], draws: 1, out };
      await assert.rejects(labelEfficiency(plain), new RegExp(`report and finetune take --task ${task}`));
      const notes: string[] = [];
      const report = await labelEfficiency({ ...plain, task, steps: 20, onNote: (note) => notes.push(note) });
      assert.ok(report);
      assert.match(notes.join(), /3 % of 60 labels are 2, fewer than 5; left out/);
      assert.deepEqual(Object.keys(report.curves), ["probe", "fine-tuned", "scratch", "untrained"]);
      const all = report.curves.probe?.at(-1);
      assert.ok(all && all.labels === 60 && all.mean > report.chance + 0.2, JSON.stringify(all));
      return { report, page: await readFile(join(out, "report.html"), "utf8") };
    };
    // Each of two numbers says one label; neither would be none at all.
    const labels = await reportOf("multi-label", ([x = 0, y = 0]) =>
      [x > -0.5 ? "right" : "", y > 0 ? "up" : "", "there"].filter(Boolean).join("|"),
    );
    assert.deepEqual(labels.report.outputs, ["right", "there", "up"]);
    assert.match(labels.page, /<h2>Mean average precision against labels/);
    assert.match(labels.page, /<th scope="row">there<\/th><td>40<\/td><td>100\.0 %<\/td>/);
    assert.doesNotMatch(labels.page, /predicted as|accuracy/i);
    const values = await reportOf("regression", ([x = 0, y = 0]) => (10 + 3 * x - y).toFixed(2));
    assert.equal(values.report.chance, 0);
    assert.ok(values.report.best.pairs?.length === 40 && values.report.files.includes("values.png"));
    assert.match(values.page, /<h2>R² against labels[\s\S]*predicting the mean: 0\.000/i);
    assert.doesNotMatch(values.page, /% of the test samples|accuracy/i);
  }));
