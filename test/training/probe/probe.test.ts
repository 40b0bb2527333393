import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Rng, type Tensor, tree } from "../../../src/array/index.ts";
import { accuracyOf } from "../../../src/evaluation/scores/metrics.ts";
import { knnPredict } from "../../../src/evaluation/vectors/knn.ts";
import { extractFeatures } from "../../../src/training/features.ts";
import type { Progress } from "../../../src/training/loop/options.ts";
import { type PretrainOptions, pretrain } from "../../../src/training/pretrain.ts";
import { openProbe } from "../../../src/training/probe/probe.ts";
import { sliceOf } from "../../../src/training/probe/slice.ts";
import { checkpointPath, loadCheckpoint } from "../../../src/training/run/checkpoint.ts";
import { readProbes } from "../../../src/training/run/metrics.ts";
import { openData } from "../../../src/training/run/open-data.ts";
import { openRun } from "../../../src/training/run/run.ts";
import { inFolder } from "../../support/cli.ts";
import { learned, stoppedAndResumed, vectorRun } from "../../support/vectors.ts";

/** Writes clouds of vectors, `each` of each label, and gives the options of a run on them. */
async function clouds(folder: string, each = 20, labels = ["east", "north", "up"]) {
  const rng = new Rng(8);
  const options = await vectorRun(folder);
  const rows = labels.flatMap((label, axis) =>
    Array.from({ length: each }, () => ({
      vector: Array.from({ length: 4 }, (_, at) => rng.normal(at === axis % 4 ? 3 : 0, 0.7)),
      label,
    })),
  );
  await writeFile(options.data, JSON.stringify(rows));
  // 15 steps an epoch.
  return { ...options, training: { ...options.training, checkpointEvery: 4 } };
}

const weights = async ({ out }: Pick<PretrainOptions, "out">) => readFile(checkpointPath(out, "last"));

test("the weights are the same bits with probes and without, resumed or not, and so are the probes", () =>
  inFolder(async (folder) => {
    const options = await clouds(folder);
    const seen: Progress[] = [];
    const notes: string[] = [];
    const probe = { every: 15 };
    const rows = await learned({
      ...{ ...options, probe, onNote: (note) => notes.push(note) },
      onProgress: (progress) => seen.push(progress),
    });
    assert.equal(rows.length, 45);
    const scores = async (out: string) => (await readProbes(out)).map(({ probeSeconds, ...row }) => row);
    const probes = await scores(options.out);
    assert.deepEqual(
      probes.map(({ step, epoch }) => [step, epoch]),
      [
        [15, 0],
        [30, 1],
        [45, 2],
      ],
    );
    // The clouds are far apart: probes of them cannot be at chance.
    for (const { probeKnn, probeLinear } of probes) assert.ok(probeKnn! > 0.6 && probeLinear! > 0.6);
    assert.equal(seen[13]?.probe, undefined);
    assert.deepEqual(seen[14]?.probe, {
      step: 15,
      scores: { probeKnn: probes[0]?.probeKnn, probeLinear: probes[0]?.probeLinear },
    });
    assert.deepEqual(seen[20]?.probe, seen[14]?.probe);
    assert.match(
      notes.join("\n"),
      /probe: kNN and a linear probe predict 21 held-out entries from 39 others; their labels are looked at, never learned from, and the entries are trained on without them/,
    );

    const without = { ...options, out: join(folder, "without"), probe: { every: "off" } };
    assert.deepEqual(await learned(without), rows);
    assert.deepEqual(await weights(without), await weights(options));
    assert.deepEqual(await readProbes(without.out), []);

    // Stopped after a probe and a checkpoint; the interval is in the run's config.json.
    const cut = { ...options, probe, out: join(folder, "cut") };
    assert.deepEqual(await stoppedAndResumed(cut, 16), rows);
    assert.deepEqual(await weights(cut), await weights(options));
    assert.deepEqual(await scores(cut.out), probes);
  }));

test("a probe scores what evaluation would: kNN of the run's features on the same entries", () =>
  inFolder(async (folder) => {
    const options = await clouds(folder, 12);
    const { training } = options;
    await pretrain({ ...options, training: { ...training, ema: 0.9 }, probe: { every: "epoch" } });
    const run = await openRun(options.out);
    const source = await openData(run, options.data);
    const { bank, held } = await sliceOf(run.modalityDefinition, source);
    assert.deepEqual([bank.length, held.length], [24, 12]);
    assert.equal(new Set([...bank, ...held]).size, 36);
    const placed = async (indices: Int32Array) => {
      const { data, rows, dim, labels = new Int32Array() } = await extractFeatures({ ...run, source, indices });
      return { data, rows, dim, labels };
    };
    const queries = await placed(held);
    const [predictions = new Int32Array()] = await knnPredict(await placed(bank), queries, 3, [20]);
    const probes = await readProbes(options.out);
    assert.deepEqual(
      probes.map(({ step }) => step),
      [9, 18, 27],
    );
    assert.equal(probes.at(-1)?.probeKnn, accuracyOf(predictions, queries.labels));
  }));

test("data without labels are probed on others; values by R²; too few labels are said", () =>
  inFolder(async (folder) => {
    const plain = await vectorRun(folder);
    await assert.rejects(pretrain({ ...plain, probe: { every: 5 } }), {
      name: "UserError",
      message: `${plain.data}: no labels for --probe; name labelled data with --probe-data, or leave it out`,
    });
    await assert.rejects(pretrain({ ...plain, probe: { every: "often" } }), { message: /--probe often: must be/ });
    await assert.rejects(pretrain({ ...plain, probe: { every: "off", data: plain.data } }), {
      message: /leave out one/,
    });
    await assert.rejects(pretrain({ ...plain, probe: { labels: "labels.csv" } }), { message: /is of --probe-data/ });

    const rng = new Rng(2);
    const data = join(folder, "values.vectors.json");
    const rows = Array.from({ length: 60 }, () => {
      const vector = Array.from({ length: 4 }, () => rng.normal());
      return { vector, label: (2 * vector[0]! - vector[1]!).toFixed(4) };
    });
    await writeFile(data, JSON.stringify(rows));
    const notes: string[] = [];
    await pretrain({
      ...{ ...plain, out: join(folder, "valued"), probe: { every: "2epochs", data } },
      ...{ encoderOptions: { width: 24 }, onNote: (note) => notes.push(note) },
    });
    const probes = await readProbes(join(folder, "valued"));
    assert.deepEqual(
      probes.map(({ step }) => step),
      [10, 15],
    );
    for (const { probeR2 } of probes) assert.ok(probeR2! > 0.5 && probeR2! <= 1, String(probeR2));
    assert.match(notes.join("\n"), /a linear probe predicts 20 held-out entries from 40 others; .* is not trained on/);
  }));

test("by default probes take a small share of the time; one that fails ends no training", () =>
  inFolder(async (folder) => {
    const options = await clouds(folder, 60);
    await pretrain(options);
    // A second of training is not worth a probe.
    assert.deepEqual(await readProbes(options.out), []);
    const run = await openRun(options.out);
    const source = await openData(run, options.data);
    const { state } = await loadCheckpoint(checkpointPath(options.out, "last"));
    const notes: string[] = [];
    const note = (text: string) => notes.push(text);
    {
      await using probe = await openProbe(run.config, source, note);
      const at = { step: 45, steps: 450, perEpoch: 45, samples: 180 };
      assert.equal(probe?.isDue({ ...at, seconds: 30 }), false);
      // 2 s to compile, and 180 samples at a second each, of the 5 % of 5,000 s.
      assert.equal(probe?.isDue({ ...at, step: 44, seconds: 5000, samples: 5000 }), false);
      assert.equal(probe?.isDue({ ...at, seconds: 3600, samples: 3600 }), false);
      assert.equal(probe?.isDue({ ...at, seconds: 5000, samples: 5000 }), true);
      assert.ok(((await probe?.score(state))?.probeKnn ?? 0) > 0.6);
      // The cost is known now.
      assert.equal(probe?.isDue({ ...at, seconds: 3600, samples: 3600 }), true);
    }
    await using asked = await openProbe({ ...run.config, probe: { steps: 3 } }, source, note);
    const infinite = tree.map<Tensor, Tensor>(state.params, (leaf) => ({
      ...leaf,
      data: Float32Array.from(leaf.data, () => Number.NaN),
    }));
    assert.equal(await asked?.score({ ...state, params: infinite }), undefined);
    assert.match(notes.at(-1) ?? "", /no more probes: .* not finite/);
    assert.equal(asked?.isDue({ step: 6, steps: 450, perEpoch: 45, samples: 24, seconds: 1 }), false);
  }));
