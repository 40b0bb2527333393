import { extname } from "node:path";
import { finderOf, type OpenOptions, type Shown, type TableOptions, tableOptionsOf } from "../../data/index.ts";
import { fromText } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { UserError } from "../../foundation/errors.ts";
import { openParquet } from "../../foundation/parquet/read.ts";
import { namesOf, openData } from "../../training/run/open-data.ts";
import type { Run } from "../../training/run/run.ts";
import { sharedSides } from "../../training/run/shared-space.ts";
import { embedSide, ofOneKind, openSide, rowNamed, type SideData, shownRow } from "../retrieval/side-data.ts";
import { indexOf, type NeighbourIndex, neighbourIndex } from "../vectors/neighbour-index.ts";

/** What a search goes through: vectors, and the samples that they are of. */
export interface Searched {
  readonly index: NeighbourIndex;
  /** What is at a path of the index, as pages show it; undefined if the data do not have it any more. */
  shown(path: string): Promise<Shown | undefined>;
  close(): Promise<void>;
}

export interface SearchedOptions extends OpenOptions {
  /** Of runs on pairs: the side that is searched. */
  readonly side?: string | undefined;
  /** The side of pairs, if nobody says which. */
  readonly ofPairs?: string | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Whether a file holds vectors: a Parquet file with the columns that `embed` writes. */
async function holdsEmbeddings(path: string): Promise<boolean> {
  if (extname(path).toLowerCase() !== ".parquet") return false;
  const file = await openParquet(path);
  await file.close();
  return file.columns.includes("embedding");
}

/**
 * Opens vectors that `embed` wrote, or data, which are embedded first.
 * @param isOfPairs whether the run is on pairs, and one side is searched
 * @throws UserError when the vectors are of another encoder, or there is nothing to read
 */
export async function openSearched(
  run: Run,
  paths: Paths,
  isOfPairs: boolean,
  options: SearchedOptions = {},
): Promise<Searched> {
  const { side, onProgress, ...open } = options;
  const path = typeof paths !== "string" && paths.length === 1 ? paths[0]! : paths;
  if (!isOfPairs && side !== undefined)
    throw new UserError(`--side ${side}: ${run.path} is a run on ${run.modality.name} data, not on pairs`);
  if (typeof path === "string" && (await holdsEmbeddings(path)))
    return isOfPairs ? sideOfFile(run, path, side) : fileOf(run, path);
  const data = isOfPairs ? await openSide(run, path, options) : ofOneKind(run, await openData(run, path, open));
  try {
    return { index: await embedded(data, onProgress), ...showing(data) };
  } catch (error) {
    await data.source.close();
    throw error;
  }
}

/** The vectors of data, with their labels. */
async function embedded(data: SideData, onProgress: SearchedOptions["onProgress"]): Promise<NeighbourIndex> {
  const { vectors, names } = await embedSide(data, { onProgress });
  const { labels, classes = [] } = data.source;
  const named = labels && { labels: Array.from(vectors.entries, (entry) => classes[labels[entry]!] ?? null) };
  return indexOf({ ...vectors, paths: names, metadata: {}, ...named });
}

/** Rows of data, by name. */
function showing(data: SideData): Pick<Searched, "shown" | "close"> {
  const find = finderOf(namesOf(data.source));
  return {
    async shown(name) {
      const row = rowNamed(find, name);
      return row && shownRow(data, row);
    },
    close: () => data.source.close(),
  };
}

/** The data that vectors were made of, opened when something of them is shown; nothing is, if they are gone. */
function shownLater(open: () => Promise<SideData>): Pick<Searched, "shown" | "close"> {
  let opened: Promise<ReturnType<typeof showing> | undefined> | undefined;
  const data = () => {
    opened ??= open().then(showing, () => undefined);
    return opened;
  };
  return {
    shown: async (path) => (await data())?.shown(path),
    close: async () => (await opened)?.close(),
  };
}

type Metadata = { side?: string; data?: string } & TableOptions;

async function fileOf(run: Run, path: string): Promise<Searched> {
  const { encoder, params, config } = run;
  const index = await neighbourIndex(path, { dim: encoder.embedDim, params });
  const { data: text, ...options }: Metadata = index.metadata;
  const data = text === undefined ? config.data.path : fromText(text);
  const open = async () => ofOneKind(run, await openData(run, data, tableOptionsOf(options)));
  return { index, ...shownLater(open) };
}

async function sideOfFile(run: Run, path: string, wanted: string | undefined): Promise<Searched> {
  const index = await indexOfSide(run, path);
  const { side, data: text, ...options }: Metadata = index.metadata;
  const data = text === undefined ? run.config.data.path : fromText(text);
  if (side === undefined || (wanted ?? side) !== side)
    throw new UserError(
      `${path}: vectors of ${side === undefined ? "no one side of pairs" : `the side ${side}`}; embed again with --side ${wanted ?? "<name>"}`,
    );
  return { index, ...shownLater(() => openSide(run, data, { side, ...tableOptionsOf(options) })) };
}

/** The vectors of one side. @throws UserError when they are of whole pairs, or of another encoder */
export async function indexOfSide(run: Run, path: string): Promise<NeighbourIndex> {
  const [{ encoder, params } = run] = (await sharedSides(run)).values();
  const advice = `embed again one side: autodidact embed ${run.path} <data> --side <name>`;
  return neighbourIndex(path, { dim: encoder.embedDim, params, advice });
}
