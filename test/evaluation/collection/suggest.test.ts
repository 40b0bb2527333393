import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openRun, predictor, pretrain, suggest } from "../../../src/index.ts";
import { readBatches } from "../../../src/training/features.ts";
import { inFolder, writeImages } from "../../support/cli.ts";

test("margin needs a run with a head; the error says how to train one", () =>
  inFolder(async (folder) => {
    const images = join(folder, "images");
    await writeImages(images, 6, 3);
    const made = (method: string, options: Record<string, unknown>) =>
      pretrain({
        data: images,
        out: join(folder, method),
        method,
        options,
        encoder: "resnet",
        encoderOptions: { layers: "8", width: 4, stem: "stride2" },
        modalityOptions: { imageSize: 16 },
        training: { epochs: 1, batchSize: 6, workers: 0 },
      });
    const run = await made("supervised", { task: "classification", classes: ["class0", "class1", "class2"] });
    const { suggestions } = await suggest({ run, pool: images, budget: 18, strategy: "margin" });
    const source = await run.modalityDefinition.open(images);
    const { predict, dispose } = await predictor(run);
    for await (const { rows } of readBatches({ modality: run.modality, source }, [])) {
      const answers = await predict(rows);
      const expected = rows.map((_, row) => {
        const [first = 0, second = 0] = [...answers.subarray(3 * row, 3 * row + 3)].sort((a, b) => b - a);
        return { path: source.name(row), score: first - second };
      });
      assert.deepEqual(
        suggestions.map(({ path, score }) => ({ path, score })),
        expected.sort((a, b) => a.score - b.score),
      );
    }
    await dispose();
    await source.close();
    const out = join(folder, "suggestions.csv");
    await suggest({ run, pool: images, budget: 2, strategy: "margin", out });
    await suggest({ run, pool: images, budget: 2, strategy: "margin", out });
    const filledIn = "rank,path,score,reason,label\n1,class0/0.png,,,class0\n";
    await writeFile(out, filledIn);
    const again = suggest({ run, pool: images, budget: 2, strategy: "margin", labels: out, out });
    await assert.rejects(again, { name: "UserError", message: /has been changed since: it would be lost/ });
    assert.equal(await readFile(out, "utf8"), filledIn);
    await made("simclr", {});
    await assert.rejects(suggest({ run: await openRun(join(folder, "simclr")), pool: images, strategy: "margin" }), {
      name: "UserError",
      message: /a run of simclr, which has no head; train one/,
    });
  }));
