/**
 * What a captioner (`virtex`) writes about scenes that it has not seen: the share of its sentences that are true of the scene, beside
 * the share that are true of another.
 *
 *   npm run bench:captions -- [epochs] [--json]     # 24 epochs by default
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { captions } from "../../src/modalities/pair/captions.ts";
import { pretrain } from "../../src/training/pretrain.ts";
import { type Scene, scenes } from "../../test/fixtures/scenes.ts";
import { benchArguments } from "../arguments.ts";
import { machine } from "../series/machine.ts";
import { isTrueOf } from "./true-of-scenes.ts";

const { words, has } = benchArguments("npm run bench:captions -- [epochs] [--json]");
const modalityOptions = { imageSize: 32, maxLength: 16, cropScale: [1, 1], jitter: 0, greyscale: 0, blur: 0 };
const [TRAIN, TEST, EPOCHS] = [3000, 500, Number(words[0] ?? 24)];
const folder = await mkdtemp(join(tmpdir(), "autodidact-captions-"));

async function written(name: string, all: readonly Scene[]): Promise<string> {
  const rows = ["path,caption"];
  for (const [index, { image, sentence }] of all.entries()) {
    const { width, height, channels } = image;
    const path = `${name}-${index}.png`;
    await sharp(image.data, { raw: { width, height, channels: channels === 1 ? 1 : 3 } })
      .png()
      .toFile(join(folder, path));
    rows.push(`${path},${sentence}`);
  }
  const table = join(folder, `${name}.csv`);
  await writeFile(table, `${rows.join("\n")}\n`);
  return table;
}

try {
  const unseen = scenes(TEST, 1);
  const data = await written("train", scenes(TRAIN, 0));
  const test = await written("test", unseen);
  const started = process.cpuUsage();
  const run = await pretrain({
    ...{ data, out: join(folder, "run"), modality: "pair", method: "virtex", preset: "small" },
    modalityOptions,
    training: { epochs: EPOCHS, batchSize: 64, workers: 1, threads: 1, seed: 0 },
  });
  const { user, system } = process.cpuUsage(started);
  const { captions: all } = await captions({ run, data: test });
  const share = (about: (index: number) => number) =>
    all.filter(({ caption }, index) => isTrueOf(caption, unseen[about(index)]!.shapes)).length / all.length;
  const result = {
    minutes: (user + system) / 6e7,
    true: share((index) => index),
    trueOfAnother: share((index) => (index + 1) % TEST),
    examples: all.slice(0, 8).map(({ caption }, index) => ({ caption, given: unseen[index]!.sentence })),
  };
  if (has("json")) console.log(JSON.stringify(result));
  else {
    console.log(`${machine()}; ${TRAIN} scenes, ${EPOCHS} epochs, seed 0, ${result.minutes.toFixed(1)} CPU minutes`);
    console.log(`sentences that are true of the scene: ${(100 * result.true).toFixed(1)} %`);
    console.log(`of another scene: ${(100 * result.trueOfAnother).toFixed(1)} %`);
    for (const { caption, given } of result.examples) console.log(`  ${caption}  |  ${given}`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
