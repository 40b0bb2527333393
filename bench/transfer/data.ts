/** The data of bench/transfer.ts: what is learned from without labels, and what a representation is judged on. */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import sharp from "sharp";
import { image } from "../../src/modalities/image/index.ts";
import { root } from "../methods/shared.ts";
import { type TextSet, textSets } from "../text-sets.ts";

const data = process.env.AUTODIDACT_DATA ?? `${root}/../shared/data`;

/** A set with a part to learn from and one to be judged on; texts without labels have neither. */
export interface TransferSet {
  readonly name: string;
  /** What is learned from without labels. */
  readonly corpus: string;
  readonly column?: string;
  readonly labelled?: { readonly train: string; readonly test: string; readonly labelColumn?: string };
  readonly measure: TextSet["measure"];
}

/** Every so many entries of a dry run. */
const THINNED = { image: 200, text: 40 };

/** Some images of a set as PNGs in folders of their classes. */
async function thinned(path: string, to: string): Promise<string> {
  if (existsSync(to)) return to;
  const source = await image.open(path);
  for (let index = 0; index < source.length; index += THINNED.image) {
    const { width, height, channels, data: pixels } = await source.read(index);
    const folder = `${to}/${source.classes?.[source.labels?.[index] ?? 0] ?? "none"}`;
    await mkdir(folder, { recursive: true });
    await sharp(pixels, { raw: { width, height, channels: channels === 1 ? 1 : 3 } })
      .png()
      .toFile(`${folder}/${index}.png`);
  }
  await source.close();
  return to;
}

/** Fashion-MNIST (60,000 / 10,000) and CIFAR-10 (20,000 / 5,000); both are read in grey, 32 × 32. */
export async function imageTransferSets(work: string, dry: boolean): Promise<TransferSet[]> {
  const parts = {
    "fashion-mnist": ["fashion-mnist/train-images-idx3-ubyte.gz", "fashion-mnist/t10k-images-idx3-ubyte.gz"],
    cifar10: ["cifar10/train-20k.zip", "cifar10/test-5k.zip"],
  } as const;
  const sets: TransferSet[] = [];
  for (const [name, paths] of Object.entries(parts)) {
    const [train = "", test = ""] = paths.map((path) => `${data}/${path}`);
    if (!existsSync(train)) {
      console.error(`no ${name} at ${train}; set AUTODIDACT_DATA`);
      continue;
    }
    const labelled = dry
      ? { train: await thinned(train, `${work}/${name}/train`), test: await thinned(test, `${work}/${name}/test`) }
      : { train, test };
    sets.push({ name, corpus: labelled.train, labelled, measure: "accuracy" });
  }
  return sets;
}

/** WikiText-2's validation and test part, and three sets of labelled texts. */
export async function textTransferSets(work: string, dry: boolean): Promise<TransferSet[]> {
  if (!existsSync(`${data}/wikitext-2`)) {
    console.error(`no WikiText-2 at ${data}; set AUTODIDACT_DATA`);
    return [];
  }
  const every = dry ? THINNED.text : 1;
  const sets = await textSets(data, work, every);
  const corpus = `${work}/wikitext-2.txt`;
  const parts = await Promise.all(["valid", "test"].map((part) => readFile(`${data}/wikitext-2/${part}.txt`, "utf8")));
  const lines = parts.join("\n").split("\n");
  await writeFile(corpus, lines.filter((_, at) => at % every === 0).join("\n"));
  return [
    { name: "wikitext-2", corpus, measure: "accuracy" },
    ...sets.map(({ name, train, test, column, labelColumn, measure }) => ({
      ...{ name, corpus: train, column, measure },
      labelled: { train, test, labelColumn },
    })),
  ];
}
