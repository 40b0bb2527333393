import { type Array, Rng, scalar, sizeOf, type Tensor, tree } from "../../array/index.ts";
import type { Features } from "../../data/features.ts";
import { type Drawing, drawing, offerOf, type Picture, type Source, type TableOptions } from "../../data/index.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { patches } from "../../encoders/abilities.ts";
import type { InitialParams, Inputs, Params } from "../../encoders/index.ts";
import { compile, read } from "../../engine/index.ts";
import { UserError } from "../../foundation/errors.ts";
import type { MethodParams } from "../../methods/index.ts";
import { stackViews, toBatch } from "../../training/data/loader-task.ts";
import { extractFeatures, readBatches, stack } from "../../training/features.ts";
import { checkpointPath, loadCheckpoint } from "../../training/run/checkpoint.ts";
import { openRunData } from "../../training/run/open-data.ts";
import { methodOf, type Run } from "../../training/run/run.ts";
import { type PictureSheet, pictureSheet } from "../drawing/picture-sheet.ts";
import { evenly } from "../vectors/evenly.ts";
import { topIndices } from "../vectors/knn.ts";
import { unitRows } from "../vectors/normalize.ts";

export interface LookOptions extends TableOptions {
  readonly run: Run;
  /** Data to draw; by default the run's data. */
  readonly data?: Paths;
  /** Rows of the sheet. */
  readonly samples?: number;
  readonly seed?: number;
}

export interface Look {
  readonly png: Buffer;
  readonly columns: readonly string[];
  readonly rows: number;
}

/** Number of entries that neighbours and prototype members are searched in. */
const BANK = 2000;
const NEIGHBOURS = 5;
const MEMBERS = 8;

/**
 * Draws a sheet for the run's method. If the method has `look`, its pictures (reconstructions, masks, samples …); else the
 * views of each sample and its nearest neighbours. Before these, attention maps if the encoder has a class token; below,
 * for methods with `prototypes`, their nearest members. Of data whose views cannot be drawn, only the samples and their neighbours.
 * @throws UserError when the data cannot be drawn, or cannot be read
 *
 * @example
 * const run = await openRun("runs/photos");
 * const { png } = await look({ run, samples: 8 });
 * await writeOutput("look.png", [png]);
 */
export async function look({ run, data, samples = 8, seed = 0, ...table }: LookOptions): Promise<Look> {
  const drawn = offerOf(run.modality, drawing);
  const source = await openRunData(run, data, table);
  try {
    const chosen = await choose(run, source, Math.max(1, samples));
    const columns: Column[] = [await originals(run, source, chosen)];
    if (columns[0]!.pictures.every((picture) => picture === undefined))
      throw new UserError(`${run.path}: look needs data that can be drawn; ${run.modality.name} data cannot`);
    columns.push(...(await attention(run, chosen)));
    if (drawn) columns.push(...(await byMethod({ ...run, drawing: drawn }, source, chosen, seed)));
    const isDrawn = columns.some((column) => column.byMethod);
    const { method: built } = await methodOf(run);
    // The bank takes long to embed.
    const bank = !isDrawn || built.prototypes ? await bankOf(run, source) : undefined;
    if (!isDrawn && bank) columns.push(...(await neighbours(run, source, chosen, bank)));
    const rows = chosen.map((_, row) => columns.map(({ pictures }) => pictures[row]));
    const groups = bank ? await prototypes(run, source, bank, columns.length) : [];
    const { method, encoder } = run.config;
    const title = `${method.name} on ${encoder.name}, step ${run.step}${groups.length > 0 ? "; below: prototypes' nearest members" : ""}`;
    const sheet: PictureSheet = { title, columns: columns.map(({ title: name }) => name), rows: [...rows, ...groups] };
    return { png: await pictureSheet(sheet), columns: sheet.columns, rows: sheet.rows.length };
  } finally {
    await source.close();
  }
}

/** A run whose inputs can be drawn. */
interface DrawableRun extends Run {
  readonly drawing: Drawing;
}

interface Column {
  readonly title: string;
  readonly pictures: readonly (Picture | undefined)[];
  /** Whether the method's `look` drew it. */
  readonly byMethod?: boolean;
}

interface Chosen {
  readonly index: number;
  readonly row: Readonly<Record<string, Tensor>>;
}

/** Readable entries, evenly over the data. */
async function choose({ modality }: Run, source: Source<unknown>, count: number): Promise<Chosen[]> {
  const broken: { name: string; reason: string }[] = [];
  const indices = evenly(source.length, count);
  for await (const { rows, indices: kept } of readBatches({ modality, source, indices }, broken))
    return rows.map((row, at) => ({ row, index: kept[at]! }));
  throw new UserError(`no sample could be read; the first: ${broken[0]?.reason}`);
}

/** The samples as the encoder reads them, or else as pages show them. */
async function originals(run: Run, source: Source<unknown>, chosen: readonly Chosen[]): Promise<Column> {
  const drawn = offerOf(run.modality, drawing);
  const pictures: (Picture | undefined)[] = [];
  for (const { index, row } of chosen)
    pictures.push(drawn ? drawn.draw(row[drawn.input]!) : await previewOf(run, source, index));
  return { title: "original", pictures };
}

/** What the method's `look` draws of a batch; without it, the inputs in the batch that can be drawn. */
async function byMethod(
  run: DrawableRun,
  source: Source<unknown>,
  chosen: readonly Chosen[],
  seed: number,
): Promise<Column[]> {
  const { method } = await methodOf(run);
  const views = [];
  for (const { index } of chosen) {
    const entry = { index: index % run.config.data.entries, label: -1 };
    views.push(method.views(await source.read(index), new Rng(seed).split("look", index), entry));
  }
  const batch = toBatch({ leaves: stackViews(views), broken: [] });
  if (!method.look)
    return tree.entries<Tensor>(batch).flatMap(([path, leaf]) =>
      columnsOf(
        run,
        path
          .split(".")
          .filter((part) => part !== run.drawing.input)
          .join(".") || "view",
        leaf,
      ),
    );
  const { params, memory } = await stateOf(run);
  const draw = method.look;
  const program = await compile(
    (weights: Params, inputs: Params, kept: Params, progress: Array) =>
      // The trees come from the method, by way of a checkpoint.
      draw(weights as Parameters<typeof draw>[0], inputs, kept, { progress }),
    [params, batch, memory, scalar(0)],
    { name: `${run.config.method.name}'s pictures` },
  );
  try {
    const drawn = await read(await program.run(params, batch, memory, scalar(1)));
    return tree
      .entries<Tensor>(drawn)
      .flatMap(([title, leaf]) => columnsOf(run, title, leaf).map((column) => ({ ...column, byMethod: true })));
  } finally {
    await program.dispose();
  }
}

/** The method's parameters (their running average if there is one) and memory. */
async function stateOf(run: Run): Promise<{ params: MethodParams; memory: InitialParams }> {
  const { state } = await loadCheckpoint(checkpointPath(run.path, "last"));
  const params = Object.keys(state.ema).length > 0 ? state.ema : state.params;
  return { params: params as MethodParams, memory: state.memory as InitialParams };
}

/** `[batch, ...input]` as one column, `[batch, views, ...input]` as several; none for tensors of other shapes. */
function columnsOf(
  { modality, drawing: { input, draw } }: DrawableRun,
  title: string,
  { dtype, shape, data }: Tensor,
): Column[] {
  const inputShape = modality.specs[input]!.shape;
  const [batch = 0] = shape;
  const axes = inputShape.length;
  if (dtype !== "float32" || shape.length <= axes || shape.at(-axes) !== inputShape[0]) return [];
  const count = sizeOf(shape.slice(1, -axes));
  const size = sizeOf(shape.slice(-axes));
  const columns = globalThis.Array.from({ length: count }, (_, view) => ({
    title: count > 1 ? `${title} ${view + 1}` : title,
    pictures: globalThis.Array.from({ length: batch }, (_unused, row) => {
      const start = (row * count + view) * size;
      return draw({ dtype, shape: shape.slice(-axes), data: data.slice(start, start + size) });
    }),
  }));
  return columns.filter(({ pictures }) => pictures.some((picture) => picture !== undefined));
}

/** The class token's attention to each patch, one column for each head: white is the maximum. */
async function attention({ encoder, params }: Run, chosen: readonly Chosen[]): Promise<Column[]> {
  const { classAttention, grid } = offerOf(encoder, patches) ?? {};
  if (!classAttention || !grid) return [];
  // Of a video the mean over time, of a series a single row.
  const [height = 1, width = 1] = grid.length > 1 ? grid.slice(-2) : [1, ...grid];
  const plane = height * width;
  const batch = stack(
    chosen.map(({ row }) => row),
    chosen.length,
  );
  const program = await compile(
    (weights: Params, inputs: Inputs) => ({ attention: classAttention(weights, inputs) }),
    [params, batch],
    { name: "attention" },
  );
  const { attention: weights } = await program.run(params, batch);
  const { data, shape } = await weights.read();
  const [, heads = 1, count = plane] = shape;
  const columns = globalThis.Array.from({ length: heads }, (_, head) => ({
    title: `attention ${head + 1}`,
    pictures: chosen.map((_unused, row) => {
      const map = new Float32Array(plane);
      for (let at = 0; at < count; at++) map[at % plane]! += data[(row * heads + head) * count + at]!;
      const most = Math.max(...map);
      return {
        width,
        height,
        rgb: Uint8Array.from({ length: 3 * plane }, (_v, at) => (255 * map[Math.floor(at / 3)]!) / most),
      };
    }),
  }));
  await program.dispose();
  return columns;
}

const bankOf = ({ encoder, params, modality }: Run, source: Source<unknown>): Promise<Features> =>
  extractFeatures({ encoder, params, modality, source, indices: evenly(source.length, BANK) });

/** Each sample's nearest other entries by the encoder's vectors. */
async function neighbours(
  run: Run,
  source: Source<unknown>,
  chosen: readonly Chosen[],
  bank: Features,
): Promise<Column[]> {
  const { encoder, params, modality } = run;
  const indices = Int32Array.from(chosen, ({ index }) => index);
  const features = await extractFeatures({ encoder, params, modality, source, indices });
  const bankUnits = unitRows(bank.data, bank.rows, bank.dim);
  const queries = unitRows(features.data, features.rows, features.dim);
  const nearest = globalThis.Array.from({ length: features.rows }, (_, row) => {
    const scores = Float32Array.from({ length: bank.rows }, (_unused, other) => {
      if (bank.indices[other] === features.indices[row]) return Number.NEGATIVE_INFINITY;
      let sum = 0;
      for (let i = 0; i < bank.dim; i++) sum += queries[row * bank.dim + i]! * bankUnits[other * bank.dim + i]!;
      return sum;
    });
    return topIndices(scores, Math.min(NEIGHBOURS, bank.rows - 1));
  });
  const count = Math.min(NEIGHBOURS, bank.rows - 1);
  const columns: Column[] = [];
  for (let rank = 0; rank < count; rank++) {
    const pictures = [];
    for (const found of nearest) pictures.push(await previewOf(run, source, bank.indices[found[rank]!]!));
    columns.push({ title: rank === 0 ? "nearest" : `nearest ${rank + 1}`, pictures });
  }
  return columns;
}

const previewOf = async ({ modality }: Run, source: Source<unknown>, index: number): Promise<Picture | undefined> =>
  (await modality.show(await source.read(index))).picture;

/** The largest prototypes, one row each, with the entries nearest to them. */
async function prototypes(run: Run, source: Source<unknown>, bank: Features, across: number) {
  const { method } = await methodOf(run);
  const score = method.prototypes;
  if (!score) return [];
  const { memory } = await stateOf(run);
  const { methodParams: params } = run;
  const features: Tensor = { dtype: "float32", shape: [bank.rows, bank.dim], data: bank.data.slice() };
  const program = await compile(
    (weights: Params, vectors: Array, kept: Params) => ({
      scores: score(weights as Parameters<typeof score>[0], vectors, kept),
    }),
    [params, features, memory],
    { name: "prototypes" },
  );
  const { scores } = await program.run(params, features, memory);
  const { data, shape } = await scores.read();
  const [, count = 0] = shape;
  const members = new Map<number, number>();
  for (let row = 0; row < bank.rows; row++) {
    const [best = 0] = topIndices(data.subarray(row * count, (row + 1) * count), 1);
    members.set(best, (members.get(best) ?? 0) + 1);
  }
  await program.dispose();
  const largest = [...members].sort(([, a], [, b]) => b - a).slice(0, MEMBERS);
  const rows = [];
  for (const [prototype] of largest) {
    const column = Float32Array.from({ length: bank.rows }, (_, row) => data[row * count + prototype]!);
    const pictures = [];
    for (const row of topIndices(column, Math.min(Math.max(across, MEMBERS), bank.rows)))
      pictures.push(await previewOf(run, source, bank.indices[row]!));
    rows.push(pictures);
  }
  return rows;
}
