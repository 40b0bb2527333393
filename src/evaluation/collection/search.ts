import { access } from "node:fs/promises";
import type { OpenOptions, Shown, Source } from "../../data/index.ts";
import { offerOf, sides as sidesAbility, tableOptionsOf } from "../../data/index.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { modalityFor } from "../../data/recognise.ts";
import { UserError } from "../../foundation/errors.ts";
import { prepareOutput, writeOutput } from "../../foundation/outputs.ts";
import { embedder, readBatches } from "../../training/features.ts";
import { openData } from "../../training/run/open-data.ts";
import type { Run } from "../../training/run/run.ts";
import { sharedSides } from "../../training/run/shared-space.ts";
import { type OnPage, pageOf } from "../drawing/player.ts";
import type { Neighbour } from "../vectors/neighbour-index.ts";
import { neighbourPage } from "./neighbour-page.ts";
import { openSearched, type Searched } from "./searched.ts";

export interface SearchOptions extends OpenOptions {
  readonly run: Run;
  /** File with the query sample; for text data, and for runs on pairs of which one side is text, also the text itself. */
  readonly query: string;
  /** Parquet file written by `embed`, or data, which are embedded first. */
  readonly in: Paths;
  /** Of runs on pairs the side that is searched: by default that of the data, or of pairs the other one than the query's. */
  readonly side?: string;
  readonly top?: number;
  /** Also write a page with pictures or texts. */
  readonly html?: string;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Finds the samples nearest to one sample. With a run whose encoder places both sides of pairs into one space, the query may be of
 * one side and what is searched of the other: images are found by words.
 * @throws UserError when vectors were made by another encoder, or the query or the data are of no kind that the run reads
 *
 * @example
 * const run = await openRun("runs/photos");
 * const found = await search({ run, query: "cat.jpg", in: "photos.parquet", top: 5 });
 * for (const { path, similarity } of found) console.log(path, similarity);
 */
export async function search(options: SearchOptions): Promise<Neighbour[]> {
  const { run, query, in: path, side, top = 10, html, onProgress } = options;
  if (query.trim() === "") throw new UserError("the query is empty");
  if (html) await prepareOutput(html);
  const isOfPairs = offerOf(run.modality, sidesAbility) !== undefined;
  const opened = isOfPairs ? await openQueryOfPairs(run, query) : { run, source: await openQuery(run, query) };
  try {
    const vector = await embedQuery(opened, query);
    const ofPairs = offerOf(run.modality, sidesAbility)?.names.find((name) => name !== opened.run.modality.name);
    const open = { ...tableOptionsOf(options), labels: options.labels };
    const searched = await openSearched(run, path, isOfPairs, { ...open, side, ofPairs, onProgress });
    try {
      // Several images may have the same caption, which is found once.
      const neighbours = searched.index.nearest(vector, isOfPairs ? MOST_ALIKE * top : top);
      const look = html ? await opened.run.modality.show(await opened.source.read(0)) : undefined;
      return await describe(searched, neighbours, { query, look, html, top, isOfPairs });
    } finally {
      await searched.close();
    }
  } finally {
    await opened.source.close();
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** How many rows are looked at for each that is found, since texts of pairs are often the same. */
const MOST_ALIKE = 8;

/** The query, opened by the run that reads it: of pairs, the run on its side. */
interface OpenedQuery {
  readonly run: Run;
  readonly source: Source<unknown>;
}

/** Opens the query: a file, or for text data any other string as the text. */
async function openQuery(run: Run, query: string): Promise<Source<unknown>> {
  return (!(await exists(query)) && run.modalityDefinition.accepts.text?.(query)) || openData(run, query);
}

/** @throws UserError when the query is a file of neither side or not there, or no file and no side is text */
async function openQueryOfPairs(run: Run, query: string): Promise<OpenedQuery> {
  const sides = await sharedSides(run);
  const names = [...sides.keys()].join(" and ");
  if (!(await exists(query))) {
    // A file's name that is mistyped is nothing to search for in words.
    const isFile = [...sides.values()].some(({ modalityDefinition }) => modalityDefinition.accepts.named?.(query));
    if (isFile) throw new UserError(`${query}: no such file`);
    for (const side of sides.values()) {
      const source = side.modalityDefinition.accepts.text?.(query);
      if (source) return { run: side, source };
    }
    throw new UserError(`${query}: no such file`);
  }
  const { name } = await modalityFor(query);
  const side = sides.get(name);
  if (!side) throw new UserError(`${query}: ${name} data; a query of ${run.path} is one of ${names}`);
  return { run: side, source: await openData(side, query) };
}

async function embedQuery({ run, source }: OpenedQuery, query: string) {
  const { encoder, params, modality, config } = run;
  const broken: { name: string; reason: string }[] = [];
  const { value } = await readBatches({ modality, source, indices: Int32Array.of(0) }, broken).next();
  if (!value) throw new UserError(`${query}: ${broken[0]?.reason ?? "nothing to read"}`);
  const compiled = await embedder(encoder, params, modality, { device: config.training.device, batchSize: 1 });
  const vector = await compiled.embed(value.rows);
  await compiled.dispose();
  return vector;
}

type OfQuery = Pick<SearchOptions, "query" | "html"> & {
  readonly top: number;
  /** The query, for the page. */
  readonly look: Shown | undefined;
  readonly isOfPairs: boolean;
};

/** Adds the texts of what was found, of pairs each text once, and writes the page. */
async function describe(
  searched: Searched,
  neighbours: readonly Neighbour[],
  { query, look, html, top, isOfPairs }: OfQuery,
): Promise<Neighbour[]> {
  const onPage = pageOf();
  const first = look && (await onPage(look));
  const cards: (Neighbour & OnPage)[] = [];
  let isDrawn = false;
  const texts = new Set<string>();
  for (const neighbour of neighbours) {
    if (cards.length === top) break;
    // What is drawn is only for the page.
    const found: Shown | undefined = isDrawn && !html ? undefined : await searched.shown(neighbour.path);
    isDrawn ||= found?.picture !== undefined;
    if (isOfPairs && found && !found.picture) {
      if (texts.has(found.text)) continue;
      texts.add(found.text);
    }
    cards.push({ ...neighbour, ...(found && (html || !isDrawn) ? await onPage(found) : {}) });
  }
  if (html && first) await writeOutput(html, [neighbourPage({ query, look: first, cards })]);
  return cards.map(({ image: _, player: _player, text, ...neighbour }) => ({
    ...neighbour,
    ...(text ? { text } : {}),
  }));
}
