import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { checkpointPath } from "../../../src/training/run/checkpoint.ts";
import { inFolder } from "../../support/cli.ts";
import { fixture, learned, stoppedAndResumed, vectorRun } from "../../support/vectors.ts";

test("a recipe with all that it can hold trains as it says, and resumes to the bit", () =>
  inFolder(async (folder) => {
    const options = await vectorRun(folder);
    const { warmupEpochs: _, learningRate: __, ...training } = options.training ?? {};
    const given = { ...options, method: fixture("recipe-method.ts"), training: { ...training, epochs: 8 } };
    const whole = await learned(given);
    // 40 steps: 2 of warm-up, a tenth after 20 and after 30. The rate is half of batch / 256.
    const peak = (0.5 * 4) / 256;
    assert.deepEqual(
      [0, 1, 19, 20, 29, 30, 39].map((at) => Number((whole[at]!.learningRate! / peak).toPrecision(12))),
      [0.5, 1, 1, 0.1, 0.1, 0.01, 0.01],
    );
    assert.ok(whole.at(-1)!.loss! < whole[0]!.loss!);
    const cut = { ...given, out: join(folder, "cut") };
    assert.deepEqual(await stoppedAndResumed(cut, 23), whole);
    const last = (out: string) => readFile(checkpointPath(out, "last"));
    assert.deepEqual(await last(cut.out), await last(given.out));

    const none = join(folder, "none");
    const wrong = { ...given, out: none, training: { ...given.training, constantRate: ["predictor"] } };
    await assert.rejects(learned(wrong), {
      name: "UserError",
      message: /^--constant-rate predictor: the parameters have no/,
    });
    assert.ok(!existsSync(none), "nothing is left of a run that cannot begin");

    // Two tasks: the head that keeps its rate is the task's.
    const both = { ...given, out: join(folder, "both"), method: `${given.method}+${fixture("preset-method.ts")}` };
    assert.deepEqual((await learned(both)).length, whole.length);
    const config = JSON.parse(await readFile(join(both.out, "config.json"), "utf8"));
    assert.deepEqual(config.training.constantRate, ["tasks.recipe.head"]);
  }));
