import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Rng } from "../../../../src/array/rng.ts";
import { pretrain } from "../../../../src/index.ts";
import { reconstructor } from "../../../../src/modalities/series/anomalies/reconstruct.ts";
import { csvOf } from "../../../fixtures/series.ts";
import { inFolder } from "../../../support/cli.ts";

test("of an encoder that normalises each window, errors are in the window's units, and of hidden steps alone", () =>
  inFolder(async (folder) => {
    const rng = new Rng(4);
    const data = join(folder, "hum.csv");
    const rows = Array.from({ length: 400 }, (_, step) => [step, Math.sin(step / 3) + rng.normal(0, 0.1)]);
    await writeFile(data, csvOf(["time", "current"], rows));
    const run = await pretrain({
      ...{ data, out: join(folder, "run"), method: "simmim", preset: "small-patchtst", modality: "series" },
      encoderOptions: { width: 16, depth: 1, heads: 2, patchLength: 8 },
      modalityOptions: { window: 32, hop: 8 },
      training: { epochs: 1, batchSize: 16, workers: 0, threads: 1 },
    });
    const values = Float32Array.from({ length: 32 }, (_, step) => Math.sin(step / 3));
    const errorsOf = async (change: (value: number) => number): Promise<Float32Array> => {
      const model = await reconstructor(run);
      try {
        const window = { channels: ["current"], length: 32, values: values.map(change), ready: true };
        return (await model.errors([window]))[0]!;
      } finally {
        await model.dispose();
      }
    };
    const plain = await errorsOf((value) => value);
    // Two of the four patches are hidden each of four times: what was never hidden has no error.
    for (let start = 0; start < 32; start += 8) {
      const isKnown = plain.subarray(start, start + 8).map((error) => Number(!Number.isNaN(error)));
      assert.ok(
        isKnown.every((one) => one === isKnown[0]),
        `patch at ${start}`,
      );
    }
    const lifted = await errorsOf((value) => 40 * value + 7);
    lifted.forEach((error, step) => {
      assert.ok(
        Math.abs(error - plain[step]!) < 1e-3 || Number.isNaN(plain[step]!),
        `step ${step}: ${error}, not ${plain[step]}`,
      );
    });
  }));
