import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { Rng, type Tensor, tree } from "../../src/array/index.ts";
import type { Modality } from "../../src/data/index.ts";
import type { LabelledVectors } from "../../src/evaluation/vectors/knn.ts";
import { image } from "../../src/modalities/image/index.ts";
import { createLoader } from "../../src/training/data/loader.ts";
import { readBatches, stack } from "../../src/training/features.ts";
import { median } from "../median.ts";
import { twinData } from "./data.ts";
import { cpuMs, folderOf, settled, type Trained, UNTIMED, type Vectors, type Wish } from "./shared.ts";

export interface Python {
  /** The interpreter. */
  readonly python: string;
  /** Variables with which its OpenBLAS is fastest here. */
  readonly environment: Readonly<Record<string, string>>;
  /** Give it our initial weights, too; otherwise it draws its own. */
  readonly sameWeights?: boolean;
}

/** What torch_twin.py prints. */
interface Report {
  readonly losses: readonly number[];
  readonly ms: readonly number[];
  readonly width: number;
  /** Of every initial parameter, by PyTorch's path. */
  readonly deviations: Readonly<Record<string, number>>;
  readonly torch: string;
}

/**
 * Trains in PyTorch on one thread. It is sent the batches that ours would see, in their order, and then the labelled images; so both
 * sides have the same views. Weights are its own unless they are given.
 */
export async function theirs(wish: Wish, options: Python): Promise<Trained & { readonly report: Report }> {
  const folder = folderOf(wish, "pytorch");
  await mkdir(folder, { recursive: true });
  const { source, config, plan, method, modality } = await settled(wish);
  const loader = createLoader(plan.task, 0);
  const takenSteps = Math.min(plan.steps, wish.steps ?? plan.steps);
  const weights = options.sameWeights ? tree.entries<Tensor>(method.init(new Rng(wish.seed).split("params"))) : [];
  let { batch } = await loader.next();
  const images = wish.embeds === false ? undefined : await imagesOf(modality);
  const features = `${folder}/features.f32`;
  const child = start(options, features);
  await child.write({
    ...{ method: wish.twin, seed: wish.seed, training: config.training },
    ...{ encoder: config.encoder.options, options: config.method.options },
    ...{ steps: plan.steps, takenSteps, warmupSteps: plan.warmupSteps },
    weights: weights.map(([path, { shape }]) => [path, shape]),
    leaves: tree.entries<Tensor>(batch).map(([path, { shape, dtype }]) => [path, shape, dtype]),
    images: images?.batches.map(({ shape }) => shape) ?? [],
  });
  for (const [, leaf] of weights) await child.send(leaf);
  const viewTimes: number[] = [];
  for (let step = 0; step < takenSteps; step++) {
    for (const [, leaf] of tree.entries<Tensor>(batch)) await child.send(leaf);
    if (step + 1 === takenSteps) break;
    const from = cpuMs();
    ({ batch } = await loader.next());
    viewTimes.push(cpuMs() - from);
  }
  await loader.close();
  await source.close();
  for (const one of images?.batches ?? []) await child.send(one);
  const report: Report = JSON.parse(await child.finish());
  const vectors = images && labelled(await readFile(features), images.labels, report.width);
  await rm(folder, { recursive: true, force: true });
  const stepMs = median(report.ms.slice(UNTIMED));
  return { losses: report.losses, stepMs, viewMs: median(viewTimes.slice(UNTIMED)), vectors, report };
}

/** PyTorch, to be written to. */
function start({ python, environment }: Python, features: string) {
  const child = spawn(python, [fileURLToPath(new URL("torch_twin.py", import.meta.url)), features], {
    env: { ...process.env, OPENBLAS_NUM_THREADS: "1", OMP_NUM_THREADS: "1", ...environment },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const output = text(child.stdout);
  // A child that ended early says why itself; its exit code is looked at in the end.
  child.stdin.on("error", () => undefined);
  const bytes = async (data: Uint8Array | string) => {
    if (child.stdin.write(data)) return;
    await Promise.race([once(child.stdin, "drain").catch(() => undefined), ended]);
  };
  return {
    write: (settings: unknown) => bytes(`${JSON.stringify(settings)}\n`),
    send: ({ data }: Tensor) => bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
    async finish(): Promise<string> {
      child.stdin.end();
      await ended;
      if (child.exitCode !== 0) throw new Error(`torch_twin.py ended with code ${child.exitCode}`);
      return output;
    },
  };
}

interface LabelledImages {
  readonly batches: readonly Tensor[];
  readonly labels: Record<keyof Vectors, Int32Array>;
}

/** The labelled images as an encoder sees them, the training images first, and their classes. */
async function imagesOf(modality: Modality<unknown>): Promise<LabelledImages> {
  const batches: Tensor[] = [];
  const paths = await twinData();
  const of = async (path: string): Promise<Int32Array> => {
    const source = await image.open(path);
    for await (const { rows } of readBatches({ modality, source }, [])) batches.push(stack(rows, rows.length).pixels!);
    await source.close();
    if (!source.labels) throw new Error(`${path}: no labels`);
    return Int32Array.from(source.labels);
  };
  return { batches, labels: { train: await of(paths.train), test: await of(paths.test) } };
}

function labelled(bytes: Buffer, { train, test }: LabelledImages["labels"], dim: number): Vectors {
  const data = new Float32Array(new Uint8Array(bytes).buffer);
  if (data.length !== (train.length + test.length) * dim) throw new Error("PyTorch's features do not fit the images");
  const part = (labels: Int32Array, first: number): LabelledVectors => {
    const rows = labels.length;
    return { data: data.subarray(first * dim, (first + rows) * dim), rows, dim, labels };
  };
  return { train: part(train, 0), test: part(test, train.length) };
}
