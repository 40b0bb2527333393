import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Rng } from "../../src/array/rng.ts";
import { autodidact, inFolder } from "../support/cli.ts";

const SMALL = "--width 16 --depth 2 --epochs 1 --batch-size 16 --workers 0".split(" ");

/** Rows with two properties that are yes or no, each known for half of the rows, two values, and given parts and folds. */
function assays(count: number): string {
  const rng = new Rng(3);
  const rows = Array.from({ length: count }, (_, at) => {
    const [x, y] = [rng.normal(), rng.normal()];
    const kind = x > 0 ? "acid" : "base";
    const known = (value: number) => (rng.chance(0.5) ? String(value) : "");
    const part = ["train", "train", "train", "valid", "test"][at % 5];
    const cells = [
      x.toFixed(3),
      y.toFixed(3),
      kind,
      known(Number(x > 0)),
      known(Number(x + y > 0)),
      "",
      (x + y).toFixed(3),
      known(y),
    ];
    return [...cells, part, 1 + (at % 4)].join(",");
  });
  return ["x,y,kind,toxic,active,never,sum,other,part,fold", ...rows, ""].join("\n");
}

const LEFT_OUT = ["--leave-out", "toxic,active,never,sum,other,part,fold"];

test("one table is split, divided into folds, and has several columns of labels with gaps", () =>
  inFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    const ran = (...args: string[]) => {
      const { code, stdout, stderr } = autodidact(...args);
      assert.equal(code, 0, stderr);
      return stdout + stderr;
    };
    const refused = (pattern: RegExp, ...args: string[]) => {
      const { code, stderr } = autodidact(...args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, pattern);
    };
    const data = at("all.csv");
    await writeFile(data, assays(200));
    ran("pretrain", data, "--modality", "table", ...SMALL, ...LEFT_OUT, "--out", at("run"));
    const evaluate = ["evaluate", at("run"), "--train", data, "--no-scratch"];

    const random = ran(...evaluate, "--split", "random", "--label-column", "kind");
    assert.match(random, /split by random, seed 0: 16\d for training, 18|19|20|21|22 for validation/);
    assert.match(random, /written to .*run.split\.csv/);
    assert.match(random, /\nstandardised columns, random forest [ –]+\d/);
    assert.doesNotMatch(
      ran(...evaluate, "--no-forest", "--split", "random", "--label-column", "kind"),
      /random forest/,
    );
    const written = await readFile(at("run/split.csv"), "utf8");
    await writeFile(at("mine.csv"), written);
    const again = ran(...evaluate, "--split", at("mine.csv"), "--label-column", "kind");
    assert.equal(again.split("\n").slice(2, 6).join(), random.split("\n").slice(2, 6).join());

    const twoParts = written.split("\n").filter((line) => !line.endsWith(",validation"));
    await writeFile(at("two.csv"), twoParts.join("\n"));
    const two = ["--split", at("two.csv"), "--label-column", "kind"];
    assert.match(ran(...evaluate, ...two), / 0 for validation[\s\S]*pretrained/);
    const tunedOnTwo = ["finetune", at("run"), "--train", data, ...two, "--steps", "20", "--out", at("tuned-on-two")];
    assert.match(ran(...tunedOnTwo), / 0 for validation/);

    const several = ["--label-column", "toxic,active,never", "--task", "multi-label"];
    const labels = ran(...evaluate, "--split", "part", ...several);
    assert.match(labels, /split by part: 120 for training, 40 for validation, 40 for test/);
    assert.match(labels, /mean ROC-AUC +mean average precision +micro-F1\npretrained, linear probe/);
    assert.match(labels, /1 of 3 label columns are left out of the means, .*: never\./);
    const evaluation = JSON.parse(await readFile(at("run/evaluation.json"), "utf8"));
    const [, , baseline] = evaluation.contestants;
    assert.deepEqual(Object.keys(baseline.each), ["toxic", "active"]);
    assert.ok(baseline.measures.meanRocAuc.mean > 0.9, JSON.stringify(baseline.measures));

    const numbers = ["--label-column", "sum,other", "--task", "regression"];
    const folds = ran(...evaluate, "--folds", "fold", ...numbers);
    assert.match(folds, /^4 folds, of 50 entries; written to/);
    assert.match(folds, /RMSE +MAE +R² +Spearman\n.*\n.*\nstandardised columns, linear probe +0\.\d+ ± 0\.\d+/);
    assert.match(folds, /2 values, of which the means are shown; 150 labels, 4 folds/);
    assert.match(ran(...evaluate, "--folds", "5", "--seed", "1", ...numbers), /5 folds, seed 1, of 40 entries/);

    const tuned = ran(
      ...["finetune", at("run"), "--train", data, "--split", "part", ...several.with(1, "toxic,active")],
      ...["--steps", "20", "--out", at("tuned")],
    );
    assert.match(tuned, /40 for validation/);
    assert.match(tuned, /mean roc auc +\d/);
    assert.match(tuned, /\n +roc auc +average precision\ntoxic +/);
    ran("predict", at("tuned"), data, "--out", at("predictions.csv"));
    const header = (await readFile(at("predictions.csv"), "utf8")).split("\n", 1)[0];
    assert.equal(header, "path,prediction,probability_toxic,probability_active");
    // An evaluation leaves the split alone that the run was trained by.
    const own = await readFile(at("tuned/split.csv"), "utf8");
    const elsewhere = /written to .*tuned.evaluation-split\.csv/;
    const onTuned = ["--split", "random", "--label-column", "kind"];
    assert.match(ran("evaluate", at("tuned"), "--train", data, "--no-scratch", ...onTuned), elsewhere);
    assert.match(
      ran("few-shot", at("tuned"), data, ...onTuned, ..."--ways 2 --shots 1 --queries 5".split(" ")),
      elsewhere,
    );
    assert.equal(await readFile(at("tuned/split.csv"), "utf8"), own);
    ran("finetune", "--resume", at("tuned"));
    const twoValues = ["finetune", at("run"), "--train", data, "--split", "random", ...numbers];
    assert.match(ran(...twoValues, "--steps", "20", "--out", at("values")), /\nsum +-?\d.*\nother +/);
    assert.match(
      ran(
        "report",
        at("run"),
        "--train",
        data,
        "--split",
        "random",
        ...several,
        "--shares",
        "50",
        "--draws",
        "1",
        "--steps",
        "4",
      ),
      /Mean average precision on 1\d test samples .*; random order: [3-7]\d\.\d %/,
    );
    assert.match(
      ran(
        ...["few-shot", at("run"), data, "--split", "part", "--label-column", "kind", "--ways", "2"],
        "--episodes",
        "5",
        "--shots",
        "1",
      ),
      /120 for training, 40 for validation, 40 for test/,
    );

    refused(/name the test data with --test, or split/, ...evaluate);
    refused(/leave out --test, or --split/, ...evaluate, "--split", "random", "--test", data);
    refused(/table data have no groups|too few groups/, ...evaluate, "--split", "group", "--label-column", "kind");
    refused(
      /labels in several columns are for --task multi-label/,
      ...evaluate,
      "--split",
      "part",
      "--label-column",
      "toxic,active",
    );
    refused(
      /"kind" has "(acid|base)"; several label columns hold 0 and 1/,
      ...evaluate,
      "--split",
      "part",
      "--label-column",
      "toxic,kind",
      "--task",
      "multi-label",
    );
  }));
