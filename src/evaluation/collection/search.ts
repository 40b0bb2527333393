import { access } from "node:fs/promises";
import { finderOf, type Source, tableOptionsOf } from "../../data/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { prepareOutput, writeOutput } from "../../foundation/outputs.ts";
import { embedder, readBatches } from "../../training/features.ts";
import { openData } from "../../training/run/open-data.ts";
import type { Run } from "../../training/run/run.ts";
import { type OnPage, pageOf } from "../drawing/player.ts";
import { type Neighbour, neighbourIndex } from "../vectors/neighbour-index.ts";
import { neighbourPage } from "./neighbour-page.ts";

export interface SearchOptions {
  readonly run: Run;
  /** File with the query sample; for text data also the text itself. */
  readonly query: string;
  /** Parquet file written by `embed`. */
  readonly in: string;
  readonly top?: number;
  /** Also write a page with pictures or texts. */
  readonly html?: string;
}

/**
 * Finds the rows of a Parquet file nearest to one sample.
 * @throws UserError when the file was made by another encoder
 *
 * @example
 * const run = await openRun("runs/photos");
 * const found = await search({ run, query: "cat.jpg", in: "photos.parquet", top: 5 });
 * for (const { path, similarity } of found) console.log(path, similarity);
 */
export async function search({ run, query, in: file, top = 10, html }: SearchOptions): Promise<Neighbour[]> {
  const { encoder, params, modality, config } = run;
  if (html) await prepareOutput(html);
  const bank = await neighbourIndex(file, { dim: encoder.embedDim, params });
  const source = await openQuery(run, query);
  try {
    const broken: { name: string; reason: string }[] = [];
    const { value } = await readBatches({ modality, source, indices: Int32Array.of(0) }, broken).next();
    if (!value) throw new UserError(`${query}: ${broken[0]?.reason ?? "nothing to read"}`);
    const compiled = await embedder(encoder, params, modality, { device: config.training.device, batchSize: 1 });
    const vector = await compiled.embed(value.rows);
    await compiled.dispose();
    const neighbours = bank.nearest(vector, top);
    // Pictures only go into the page; texts are part of the answer.
    if (!html && (await modality.show(await source.read(0))).picture) return neighbours;
    const onPage = pageOf();
    const look = await onPage(await modality.show(await source.read(0)));
    const cards = await looksOf(run, neighbours, bank.metadata, onPage);
    if (html) await writeOutput(html, [neighbourPage({ query, look, cards })]);
    return cards.map(({ image: _, player: _player, text, ...neighbour }) => ({
      ...neighbour,
      ...(text ? { text } : {}),
    }));
  } finally {
    await source.close();
  }
}

/** Opens the query: a file, or for text data any other string as the text. */
async function openQuery(run: Run, query: string): Promise<Source<unknown>> {
  const isFile = await access(query).then(
    () => true,
    () => false,
  );
  return (!isFile && run.modalityDefinition.accepts.text?.(query)) || openData(run, query);
}

/** Neighbours with their picture or text; only the path if the data no longer contain them. */
async function looksOf(
  run: Run,
  neighbours: readonly Neighbour[],
  { data = run.config.data.path, ...options }: Readonly<Record<string, string>>,
  onPage: ReturnType<typeof pageOf>,
): Promise<(Neighbour & OnPage)[]> {
  const bank = await openData(run, data, tableOptionsOf(options)).catch(() => undefined);
  try {
    const find = finderOf(Array.from({ length: bank?.length ?? 0 }, (_, index) => bank!.name(index)));
    const cards: (Neighbour & OnPage)[] = [];
    for (const neighbour of neighbours) {
      const index = find(neighbour.path);
      const shown =
        bank && index !== undefined ? await bank.read(index).then(run.modality.show, () => undefined) : undefined;
      const found = shown && (await onPage(shown));
      cards.push({ ...neighbour, ...found });
    }
    return cards;
  } finally {
    await bank?.close();
  }
}
