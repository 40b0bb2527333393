import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { Rng } from "../../src/array/rng.ts";

/** A run of a chain; it lies under its name in the chain's folder. */
export interface Stage {
  readonly name: string;
  /** What it begins from: a stage before it. */
  readonly from?: string;
  readonly command: string;
  /** Arguments of the command that begins it. @param at the path of a name in the chain's folder */
  readonly args: (at: (name: string) => string) => string[];
}

const SMALL = "--image-size 16 --encoder resnet --layers 8 --width 4 --stem stride2".split(" ");
const OFTEN = "--log-every 1 --checkpoint-every 3 --workers 1".split(" ");
const words = (text: string) => text.split(" ");

/** Seven kinds of run; those of images build on one another, so that a chain ends with what four killed runs left. */
export const stages: readonly Stage[] = [
  {
    name: "images",
    command: "pretrain",
    args: (at) => [
      ...[at("data/images"), "--out", at("images"), ...SMALL, ...OFTEN],
      ...words("--method simclr --epochs 12 --batch-size 16 --ema 0.9 --optimizer adamw"),
    ],
  },
  {
    name: "finetuned",
    from: "images",
    command: "finetune",
    args: (at) => [
      ...[at("images"), "--train", at("data/images"), "--out", at("finetuned"), ...OFTEN],
      ...words("--epochs 12 --batch-size 16 --validation 0.2"),
    ],
  },
  {
    name: "distilled",
    from: "images",
    command: "distill",
    args: (at) => [
      ...[at("images"), at("data/images"), "--out", at("distilled"), ...OFTEN],
      ...words("--into resnet-8:width=2,stem=stride2 --epochs 12 --batch-size 16"),
    ],
  },
  {
    name: "pruned",
    from: "images",
    command: "prune",
    args: (at) => [at("images"), "--out", at("pruned"), ...words("--keep 0.5 --recover-epochs 12 --batches 2")],
  },
  {
    name: "combined",
    command: "pretrain",
    args: (at) => [
      ...[at("data/images"), "--out", at("combined"), ...SMALL, ...OFTEN],
      ...words("--method rotation+simclr:0.5 --epochs 12 --batch-size 16"),
      ...words("--curriculum temperature=0.5:0.1@competence/3 --curriculum cropScale=0.8,1:0.2,1@linear/3"),
    ],
  },
  {
    name: "texts",
    command: "pretrain",
    args: (at) => [
      ...[at("data/corpus.txt"), "--out", at("texts"), ...OFTEN],
      ...words("--method bert --encoder transformer --width 16 --depth 1 --heads 2 --max-length 16"),
      ...words("--epochs 12 --batch-size 16"),
    ],
  },
  {
    name: "learned",
    command: "learn",
    args: (at) => [
      ...["deep-sea", "--out", at("learned")],
      ...words("--method dqn+rnd --steps 600 --warmup-steps 50 --seeds 2 --log-every 20 --checkpoint-every 45"),
      ...words("--evaluate-every 150 --episodes 2"),
    ],
  },
];

/** Writes the data of all stages into `data/`. */
export async function writeData(folder: string): Promise<void> {
  const rng = new Rng(5);
  for (let index = 0; index < 64; index++) {
    const data = Uint8Array.from(
      { length: 16 * 16 * 3 },
      (_, at) => rng.integer(0, 120) + (at % 3 === index % 2 ? 130 : 0),
    );
    const place = join(folder, "data", "images", `class${index % 2}`);
    await mkdir(place, { recursive: true });
    const png = await sharp(data, { raw: { width: 16, height: 16, channels: 3 } })
      .png()
      .toBuffer();
    await writeFile(join(place, `${index}.png`), png);
  }
  const nouns = words("sea river mountain ship captain island winter harbour city garden letter song");
  const lines = Array.from({ length: 64 }, () =>
    Array.from({ length: rng.integer(5, 12) }, () => nouns[rng.integer(0, nouns.length - 1)]).join(" "),
  );
  await writeFile(join(folder, "data", "corpus.txt"), `${lines.join("\n")}\n`);
}

/** The command line that begins a stage, or continues it as its user would. */
export function commandLine(stage: Stage, folder: string): string[] {
  const at = (name: string) => join(folder, name);
  const out = at(stage.name);
  const isBegun = [out, join(out, "pruned")].some((run) => existsSync(join(run, "config.json")));
  return [stage.command, ...(isBegun ? ["--resume", out] : stage.args(at))];
}
