import { existsSync } from "node:fs";
import { join } from "node:path";
import { evaluate } from "../../src/evaluation/worth/evaluate.ts";
import { collect } from "../../src/modalities/experience/collect/collect.ts";
import { pretrain } from "../../src/training/pretrain.ts";
import { openRun, type Run } from "../../src/training/run/run.ts";
import { network, trainGrasps } from "./grasp-settings.ts";

/** Labelled positions. */
const LABELS = 100;
/** Methods that pre-train on patches of depth images, and epochs of each. */
const METHODS = ["simclr", "vicreg"] as const;
const EPOCHS = 10;

interface Worth {
  readonly seed: number;
  readonly out: string;
  /** Depth images that one network has seen before, and outcomes that both learn from. */
  readonly images: number;
  readonly outcomes: readonly number[];
  say(result: Readonly<Record<string, unknown>>): void;
  test(run: Run): Promise<Readonly<Record<string, unknown>>>;
}

/** What pre-training without outcomes is worth: for grasping with few outcomes, and for saying where an object lies. */
export async function worth({ seed, out, say, test, images, outcomes }: Worth): Promise<void> {
  const at = (name: string) => join(out, "worth", name);
  const once = async (name: string, make: (path: string) => Promise<Run>): Promise<Run> =>
    existsSync(at(name)) ? openRun(at(name)) : make(at(name));
  // Attempts of other seeds: what is seen of them counts here, not what came of them.
  await collect({ environment: "grasp", attempts: images, out: at("images"), seed: 200 + seed });
  for (const attempts of outcomes) {
    const few = at(`tries-${attempts}`);
    await collect({ environment: "grasp", attempts, out: few, seed: 100 + seed });
    const scratch = await once(`scratch-${attempts}`, (path) => trainGrasps(few, path, seed, { attempts }));
    say({ worth: "from scratch", outcomes: attempts, ...(await test(scratch)) });
    for (const method of METHODS) {
      const before = await once(method, (path) =>
        pretrain({
          ...{ data: at("images"), out: path, method, ...network },
          modalityOptions: { patch: 24, imageSize: 24, shift: 1, cropScale: [0.7, 1] },
          training: {
            ...{ epochs: EPOCHS, batchSize: 128, optimizer: "adamw", learningRate: 1e-3, weightDecay: 1e-4, seed },
            checkpointEvery: 100_000,
          },
        }),
      );
      const after = await once(`${method}-${attempts}`, (path) =>
        trainGrasps(few, path, seed, { attempts, from: before.path }),
      );
      say({ worth: `encoder by ${method}`, images, outcomes: attempts, ...(await test(after)) });
    }
  }

  // Where an object lies can be said of scenes with one.
  await collect({
    environment: "grasp",
    options: { objects: 1 },
    attempts: images,
    out: at("single"),
    seed: 300 + seed,
  });
  const seen = await once("positions", (path) =>
    pretrain({
      ...{ data: at("single"), out: path, method: "mae", preset: "small", encoder: "vit" },
      training: { epochs: 15, seed, checkpointEvery: 100_000 },
    }),
  );
  const { contestants } = await evaluate({
    ...{ run: seen, train: at("single"), split: "random", labelColumn: "info.object_x,info.object_y" },
    ...{ task: "regression", labelCount: LABELS, scratch: false, seed },
  });
  for (const { name, linear } of contestants)
    say({ position: name, labels: LABELS, r2: linear && { mean: linear.mean, deviation: linear.deviation } });
}
