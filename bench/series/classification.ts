/*
 * Classification on sets of the UCR and UEA archives: pretraining on the published training part without labels, a linear
 * probe and kNN on frozen features, beside the untrained encoder and what needs no learning.
 *
 *   node bench/series/classification.ts [method] [encoder] [epochs] [seeds]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { evaluate, openRun, pretrain } from "../../src/index.ts";
import { benchArguments } from "../arguments.ts";
import { DATA, machine, meanOf } from "./machine.ts";

const { words } = benchArguments("node bench/series/classification.ts [method] [encoder] [epochs] [seeds]");
const [method = "simclr", encoder = "vit", epochs = "200", seeds = "3"] = words;
const SETS = ["GunPoint", "ItalyPowerDemand", "ArrowHead", "ACSF1", "PickupGestureWiimoteZ", "BasicMotions"];

const started = performance.now();
const folder = await mkdtemp(join(tmpdir(), "autodidact-bench-"));
console.log(`${method} on ${encoder}, ${epochs} epochs, ${seeds} seeds; ${machine()}`);
console.log("set | by | kNN, k = 20 | linear probe | s a set");
try {
  for (const set of SETS) {
    const [train, test] = ["TRAIN", "TEST"].map((part) => join(DATA, "ucr-uea", set, `${set}_${part}.ts`)) as [
      string,
      string,
    ];
    const scores = new Map<string, { knn: number[]; linear: number[] }>();
    const seconds: number[] = [];
    for (let seed = 0; seed < Number(seeds); seed++) {
      const out = join(folder, `${set}-${seed}`);
      const from = performance.now();
      await pretrain({
        ...{ data: train, out, method, encoder, preset: "small", modality: "series" },
        training: { epochs: Number(epochs), seed },
      });
      seconds.push((performance.now() - from) / 1000);
      const { contestants } = await evaluate({ run: await openRun(out), train, test, scratch: false, seed });
      for (const { name, knn20, linear } of contestants) {
        const all = scores.get(name) ?? { knn: [], linear: [] };
        scores.set(name, all);
        if (knn20) all.knn.push(100 * knn20.mean);
        if (linear) all.linear.push(100 * linear.mean);
      }
    }
    for (const [name, { knn, linear }] of scores)
      console.log(
        [set, name, meanOf(knn), meanOf(linear), name === "pretrained" ? meanOf(seconds, 0) : ""].join(" | "),
      );
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(`${((performance.now() - started) / 60_000).toFixed(1)} minutes in all`);
