/** Labelled texts that the benches of text are judged on, each in two tables of label and text. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";

export interface TextSet {
  readonly name: string;
  readonly train: string;
  readonly test: string;
  readonly column: "2";
  readonly labelColumn: "1";
  /** Matthews' correlation where the classes are unequal, as is usual for CoLA. */
  readonly measure: "accuracy" | "matthews";
}

type Row = readonly [label: string, text: string];

/**
 * SST-2, CoLA (in-domain) and AG-News, of which there is the published test part only: its first 6,000 rows to learn from,
 * its last 1,600 to be judged on.
 * @param every keeps one row of so many, for dry runs
 */
export async function textSets(data: string, work: string, every = 1): Promise<TextSet[]> {
  await mkdir(work, { recursive: true });
  const read = async (name: string, label: number, texts: readonly number[]): Promise<Row[]> => {
    const [delimiter, quote] = name.endsWith(".csv") ? [",", '"'] : ["\t", null];
    const options = { delimiter, quote, relax_column_count: true };
    const rows: string[][] = parse(await readFile(`${data}/${name}`, "utf8"), options);
    return rows.map((row) => [row[label] ?? "", texts.map((column) => row[column] ?? "").join(" ")]);
  };
  const write = async (name: string, rows: readonly Row[]): Promise<string> => {
    const path = `${work}/${name}.tsv`;
    const kept = rows.filter((_, at) => at % every === 0);
    await writeFile(path, kept.map(([label, text]) => `${label}\t${text.replaceAll(/\s+/g, " ")}\n`).join(""));
    return path;
  };
  const set = async (
    name: string,
    train: readonly Row[],
    test: readonly Row[],
    measure: TextSet["measure"] = "accuracy",
  ): Promise<TextSet> => ({
    ...{ name, measure, column: "2", labelColumn: "1" },
    train: await write(`${name}-train`, train),
    test: await write(`${name}-test`, test),
  });
  const news = await read("ag-news/test.csv", 0, [1, 2]);
  const cola = (part: string) => read(`cola/in_domain_${part}.tsv`, 1, [3]);
  return [
    await set("sst-2", await read("sst-2/train.tsv", 1, [0]), await read("sst-2/test.tsv", 1, [0])),
    await set("cola", await cola("train"), await cola("dev"), "matthews"),
    await set("ag-news", news.slice(0, 6000), news.slice(-1600)),
  ];
}
