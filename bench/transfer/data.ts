/** The data of bench/transfer.ts: what is learned from without labels, and what a representation is judged on. */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import sharp from "sharp";
import { image } from "../../src/modalities/image/index.ts";
import { root } from "../methods/shared.ts";

const data = process.env.AUTODIDACT_DATA ?? `${root}/../shared/data`;

/** A set with a part to learn from and one to be judged on; texts without labels have neither. */
export interface TransferSet {
  readonly name: string;
  /** What is learned from without labels. */
  readonly corpus: string;
  readonly column?: string;
  readonly labelled?: { readonly train: string; readonly test: string; readonly labelColumn?: string };
  /** What it is judged by: Matthews' correlation where the classes are unequal, as is usual for CoLA. */
  readonly measure: "accuracy" | "matthews";
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
    await sharp(pixels, { raw: { width, height, channels } }).png().toFile(`${folder}/${index}.png`);
  }
  await source.close();
  return to;
}

/** Fashion-MNIST (60,000 / 10,000) and CIFAR-10 (20,000 / 5,000); both are read in grey, 32 × 32. */
export async function imageSets(work: string, dry: boolean): Promise<TransferSet[]> {
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

type Row = readonly [label: string, text: string];

/** WikiText-2's validation and test part, and three sets of labelled texts, each in a table of label and text. */
export async function textSets(work: string, dry: boolean): Promise<TransferSet[]> {
  if (!existsSync(`${data}/wikitext-2`)) {
    console.error(`no WikiText-2 at ${data}; set AUTODIDACT_DATA`);
    return [];
  }
  await mkdir(work, { recursive: true });
  const read = (name: string) => readFile(`${data}/${name}`, "utf8");
  const some = <Item>(items: readonly Item[]) => items.filter((_, at) => !dry || at % THINNED.text === 0);
  const columns = (text: string, delimiter: string, label: number, texts: readonly number[]): Row[] => {
    const quote = delimiter === "," ? '"' : null;
    const rows: string[][] = parse(text, { delimiter, quote, relax_column_count: true });
    return rows.map((row) => [row[label] ?? "", texts.map((column) => row[column] ?? "").join(" ")]);
  };
  const corpus = `${work}/wikitext-2.txt`;
  const lines = `${await read("wikitext-2/valid.txt")}\n${await read("wikitext-2/test.txt")}`.split("\n");
  await writeFile(corpus, some(lines).join("\n"));
  const news = columns(await read("ag-news/test.csv"), ",", 0, [1, 2]);
  const tables: Record<string, { train: Row[]; test: Row[]; measure: TransferSet["measure"] }> = {
    "sst-2": {
      train: columns(await read("sst-2/train.tsv"), "\t", 1, [0]),
      test: columns(await read("sst-2/test.tsv"), "\t", 1, [0]),
      measure: "accuracy",
    },
    cola: {
      train: columns(await read("cola/in_domain_train.tsv"), "\t", 1, [3]),
      test: columns(await read("cola/in_domain_dev.tsv"), "\t", 1, [3]),
      measure: "matthews",
    },
    // Its test part is all that there is here.
    "ag-news": { train: news.slice(0, 6000), test: news.slice(-1600), measure: "accuracy" },
  };
  const sets: TransferSet[] = [{ name: "wikitext-2", corpus, measure: "accuracy" }];
  for (const [name, { train, test, measure }] of Object.entries(tables)) {
    const write = async (part: string, rows: readonly Row[]) => {
      const path = `${work}/${name}-${part}.tsv`;
      const table = some(rows).map(([label, text]) => `${label}\t${text.replaceAll(/\s+/g, " ")}`);
      await writeFile(path, `${table.join("\n")}\n`);
      return path;
    };
    const labelled = { train: await write("train", train), test: await write("test", test), labelColumn: "1" };
    sets.push({ name, corpus: labelled.train, column: "2", labelled, measure });
  }
  return sets;
}
