import { BrokenSample, messageOf, UserError } from "../../../foundation/errors.ts";
import { inBytes } from "../../../foundation/memory.ts";
import { isDeep, pixelsOf } from "../images.ts";
import { SUCCESS, TERMINATED as TERMINATED_COLUMN } from "../record/layout.ts";
import { boundsOf, type FrameColumns, type NumberColumn } from "./info.ts";
import { bytesIn, numberOf, numbersIn } from "./numbers.ts";
import {
  BROKEN,
  bytes,
  floats,
  frameName,
  type Growing,
  type Images,
  type Store,
  SUCCEEDED,
  sharedWholes,
  TERMINATED,
  wholes,
  words,
} from "./store.ts";

type Cells = Readonly<Record<string, unknown>>;

/** Memory for the pixels of all images, above which larger images are shrunk; and for everything. */
const PIXEL_BYTES = 2 ** 30;
const MOST_BYTES = 2 ** 32;
/** Sides are not shrunk below this. */
const SMALLEST = 32;
const LARGEST_SIDE = 16_384;
/** Choices of an action that the recording does not count. */
const MOST_CHOICES = 1024;

type Shape = Omit<Images, "pixels">;

interface Kept {
  readonly shape: Shape;
  readonly pixels: Growing<Uint8Array> | Growing<Uint16Array>;
}

/** Data that do not fit, whatever else is in them: no damage of one file. */
export class TooLarge extends UserError {}

/** What an episode's table says of it. */
export interface Told {
  readonly length: number;
  /** What was seen after the last action, by the names of the columns. */
  readonly final: Cells;
}

interface Episode {
  readonly number: number;
  readonly first: number;
  /** Index in its episode of its first frame: not 0 if frames before it are missing. */
  readonly from: number;
  steps: number;
  seen: number;
}

/** Collects frames, file by file. */
export class Builder {
  readonly #columns: FrameColumns;
  readonly #told: ReadonlyMap<number, Told>;
  readonly #expected: number;
  readonly #values = floats();
  readonly #actions = floats();
  readonly #further = floats();
  readonly #flags = bytes();
  readonly #places = wholes();
  readonly #width: number;
  #images: Kept[] | undefined;
  #episodes: Episode[] = [];
  readonly broken: { name: string; reason: string }[] = [];
  readonly notes: string[] = [];

  /** @param expected frames that the recording says it has: decides how far images are shrunk */
  constructor(columns: FrameColumns, told: ReadonlyMap<number, Told>, expected: number) {
    this.#columns = columns;
    this.#told = told;
    this.#expected = expected;
    this.#width = columns.vectors.reduce((sum, { size }) => sum + size, 0);
  }

  get rows(): number {
    return this.#flags.length;
  }

  /** Where it stands, to go back to when a file turns out to be damaged. */
  mark(): () => void {
    const [rows, episodes, broken, notes] = [this.rows, this.#episodes.length, this.broken.length, this.notes.length];
    const last = this.#episodes.at(-1);
    const kept = last && { ...last };
    return () => {
      this.#cut(rows);
      this.#episodes = this.#episodes.slice(0, episodes);
      if (kept) this.#episodes[episodes - 1] = { ...kept };
      this.broken.length = broken;
      this.notes.length = notes;
    };
  }

  #cut(rows: number): void {
    this.#values.cut(rows * this.#width);
    this.#actions.cut(rows * this.#columns.action.size);
    this.#further.cut(rows * this.#columns.extras.length);
    this.#flags.cut(rows);
    this.#places.cut(rows);
    for (const { shape, pixels } of this.#images ?? []) pixels.cut(rows * shape.height * shape.width * shape.channels);
  }

  /** Adds frames in their order. @throws UserError when they do not fit into memory */
  async add(rows: readonly Cells[]): Promise<void> {
    this.#images ??= this.#shapesOf(rows);
    const decoded = await Promise.all(rows.map((row) => this.#decoded(row)));
    for (const [at, row] of rows.entries()) await this.#frame(row, decoded[at] ?? []);
  }

  async #frame(row: Cells, pixels: readonly (Uint8Array | Uint16Array | string)[]): Promise<void> {
    const [number, frame] = [numberOf(row.episode_index), numberOf(row.frame_index)];
    const isIndex = (value: number | undefined) =>
      value !== undefined && Number.isInteger(value) && value >= 0 && value < 2 ** 31;
    if (number === undefined || frame === undefined || !isIndex(number) || !isIndex(frame)) {
      await this.#end();
      this.broken.push({ name: `row ${this.rows + 1}`, reason: "no episode_index and frame_index" });
      return;
    }
    let episode = this.#episodes.at(-1);
    if (
      !episode ||
      episode.number !== number ||
      episode.from + episode.steps !== frame ||
      episode.seen > episode.steps
    ) {
      await this.#end();
      if (frame !== 0)
        this.broken.push({ name: frameName(number, frame - 1), reason: "this and frames before it are missing" });
      episode = { number, first: this.rows, from: frame, steps: 0, seen: 0 };
      this.#episodes.push(episode);
    }
    const reason = this.#append(row, pixels);
    episode.steps++;
    episode.seen++;
    if (reason !== undefined) this.broken.push({ name: frameName(number, frame), reason });
  }

  /** Adds a row. @returns why it is broken, if it is */
  #append(row: Cells, pixels: readonly (Uint8Array | Uint16Array | string)[], isFinal = false): string | undefined {
    const { vectors, action, extras, images } = this.#columns;
    let reason: string | undefined;
    const take = ({ key, size }: NumberColumn): ArrayLike<number> => {
      const found = numbersIn(row[key]);
      const at = found?.findIndex((value) => !Number.isFinite(value)) ?? -1;
      if (!found) reason ??= `${key} is ${row[key] === undefined || row[key] === null ? "missing" : "no number"}`;
      else if (found.length !== size)
        reason ??= `${key} has ${found.length} of the ${size} numbers that info.json says`;
      else if (at >= 0) reason ??= `${key} is ${found[at]} at ${at}`;
      else return found;
      return new Float32Array(size).fill(Number.NaN);
    };
    for (const vector of vectors) this.#values.append(take(vector));
    this.#actions.append(isFinal ? new Float32Array(action.size).fill(Number.NaN) : take(action));
    this.#further.append(extras.map(({ key }) => (isFinal ? Number.NaN : (numberOf(row[key]) ?? Number.NaN))));
    this.#images?.forEach(({ shape, pixels: all }, at) => {
      const one = pixels[at];
      const isRead = one !== undefined && typeof one !== "string";
      if (!isRead) reason ??= `${images[at]?.key}: ${one ?? "missing"}`;
      all.append(isRead ? one : new Uint8Array(shape.height * shape.width * shape.channels));
    });
    const ended = !isFinal && numberOf(row[TERMINATED_COLUMN]) === 1 ? TERMINATED : 0;
    const succeeded = !isFinal && numberOf(row[SUCCESS]) === 1 ? SUCCEEDED : 0;
    this.#flags.append([ended | succeeded | (reason === undefined ? 0 : BROKEN)]);
    this.#places.append([this.#episodes.length - 1]);
    const held = (this.#images ?? []).reduce(
      (sum, { shape, pixels: all }) => sum + all.length * (shape.levels > 255 ? 2 : 1),
      0,
    );
    if (4 * (this.#values.length + this.#actions.length) + held > MOST_BYTES)
      throw new TooLarge(`the recording does not fit into memory: ${this.rows} frames take ${inBytes(MOST_BYTES)}`);
    return reason;
  }

  /** What is to be done when an episode is over: what was seen last, and whether all of it is there. */
  async #end(): Promise<void> {
    const episode = this.#episodes.at(-1);
    const told = episode && this.#told.get(episode.number);
    if (!episode || !told || episode.from > 0 || episode.seen > episode.steps) return;
    if (told.length !== episode.steps) {
      this.notes.push(
        `episode ${episode.number}: ${episode.steps} frames are there, where meta/episodes says ${told.length}`,
      );
      return;
    }
    if (Object.keys(told.final).length === 0) return;
    const pixels = await this.#decoded(told.final);
    if (this.#append(told.final, pixels, true) === undefined) episode.seen = episode.steps + 1;
    else this.#cut(this.rows - 1);
  }

  async #decoded(row: Cells): Promise<(Uint8Array | Uint16Array | string)[]> {
    return Promise.all(
      this.#columns.images.map(async ({ key }, at) => {
        const [found, image] = [bytesIn(row[key]), this.#images?.[at]];
        if (!found || !image) return "no bytes of an image";
        return await pixelsOf(found, image.shape).catch((error: unknown) => {
          if (!(error instanceof BrokenSample)) throw error;
          return messageOf(error);
        });
      }),
    );
  }

  /** Sizes at which images are kept. */
  #shapesOf(rows: readonly Cells[]): Kept[] {
    const shapes = this.#columns.images.map(({ key, name, feature }): Shape => {
      const first = rows.map((row) => bytesIn(row[key])).find((one) => one !== undefined);
      const deep = first !== undefined && isDeep(first);
      const { shape } = feature;
      const isFirst = (shape[0] ?? 0) <= 4 && (shape[2] ?? 0) > 4;
      const [height = 1, width = 1, channels = 1] = isFirst ? [shape[1], shape[2], shape[0]] : shape;
      const levels = deep ? 65_535 : 255;
      const bound = (one: Shape["low"] | readonly number[] | undefined, usual: number) =>
        typeof one === "number" ? one : usual;
      return {
        ...{ name, height, width, channels: channels === 1 || deep ? 1 : 3, levels },
        ...{ low: bound(feature.low, 0), high: bound(feature.high, deep ? levels : 1) },
      };
    });
    for (const { name, height, width } of shapes)
      if (Math.max(height, width) > LARGEST_SIDE || Math.min(height, width) < 1)
        throw new TooLarge(`observation ${name}: images of ${width} × ${height} pixels`);
    const size = ({ height, width, channels, levels }: Shape) => height * width * channels * (levels > 255 ? 2 : 1);
    const total = Math.max(this.#expected, rows.length) * shapes.reduce((sum, shape) => sum + size(shape), 0);
    const share = Math.min(1, Math.sqrt(PIXEL_BYTES / Math.max(1, total)));
    const side = (extent: number, shape: Shape) => {
      const least = Math.min(1, SMALLEST / Math.min(shape.height, shape.width));
      return Math.max(1, Math.round(extent * Math.max(share, least)));
    };
    const kept = shapes.map((shape) => ({
      ...shape,
      height: side(shape.height, shape),
      width: side(shape.width, shape),
    }));
    if (share < 1)
      this.notes.push(
        `the images of ${this.#expected.toLocaleString("en")} frames take ${inBytes(total)}; they are read at ${kept.map(({ width, height }) => `${width} × ${height}`).join(", ")} pixels`,
      );
    return kept.map((shape) => ({ shape, pixels: shape.levels > 255 ? words() : bytes() }));
  }

  /** @throws UserError when there is no frame */
  async finish(extra: Pick<Store, "leftOut" | "notes">): Promise<Store> {
    await this.#end();
    const { vectors, action, extras } = this.#columns;
    let offset = 0;
    const placed = vectors.map(({ name, size, names }) => {
      offset += size;
      return { name, size, names, offset: offset - size };
    });
    return {
      rows: this.rows,
      ...{ vectors: placed, width: this.#width, values: this.#values.shared() },
      images: (this.#images ?? []).map(({ shape, pixels }) => ({ ...shape, pixels: pixels.shared() })),
      action: { size: action.size, names: action.names, ...boundsOf(action), ...this.#choices() },
      ...{ actions: this.#actions.shared(), extras: extras.map(({ key }) => key), further: this.#further.shared() },
      ...{ flags: this.#flags.shared(), places: this.#places.shared() },
      episodes: sharedWholes(
        this.#episodes.flatMap(({ number, first, steps, seen, from }) => [number, first, steps, seen, from]),
      ),
      broken: this.broken,
      ...{ leftOut: extra.leftOut, notes: [...extra.notes, ...summarised(this.notes)] },
    };
  }

  /** Whole numbers from 0 of one number are a choice. */
  #choices(): { choices?: number } {
    const { size, feature } = this.#columns.action;
    if (size !== 1 || !/^u?int/.test(feature.dtype)) return {};
    if (feature.choices !== undefined) return { choices: feature.choices };
    let most = 0;
    for (let at = 0; at < this.#actions.length; at++) {
      const value = this.#actions.at(at);
      if (Number.isNaN(value)) continue;
      if (!Number.isInteger(value) || value < 0 || value >= MOST_CHOICES) return {};
      most = Math.max(most, value);
    }
    return { choices: most + 1 };
  }
}

/** Notes that are said one by one. */
const SAID = 3;
const summarised = (notes: readonly string[]): string[] =>
  notes.length <= SAID ? [...notes] : [...notes.slice(0, SAID), `… and ${notes.length - SAID} more of these`];
