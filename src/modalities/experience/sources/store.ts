import type { LeftOut } from "../../../data/files/left-out.ts";

/** Observations of numbers. */
export interface Vectors {
  readonly name: string;
  readonly size: number;
  /** What each number is, where it is said. */
  readonly names: readonly string[];
  /** Where they begin in a row of the store's values. */
  readonly offset: number;
}

/** Observations that are images. */
export interface Images {
  readonly name: string;
  readonly channels: 1 | 3;
  readonly height: number;
  readonly width: number;
  /** The value of white: 255, or 65,535 of depth. */
  readonly levels: number;
  /** What black and white mean. */
  readonly low: number;
  readonly high: number;
  /** Uint8 or, of depth, Uint16: `[rows, height, width, channels]`. */
  readonly pixels: SharedArrayBuffer;
}

/** What an action is. */
export interface Actions {
  /** Numbers of one; 1 of a choice. */
  readonly size: number;
  readonly choices?: number;
  readonly names: readonly string[];
  /** Of each number, as the recording says; none where it does not. */
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Flags of a row. */
export const [TERMINATED, SUCCEEDED, BROKEN] = [1, 2, 4] as const;

/**
 * All frames of a recording, in memory that threads share; structured-cloneable. A row is a frame, those of an episode one after
 * the other; the last may be what was seen after the last action.
 */
export interface Store {
  readonly rows: number;
  readonly vectors: readonly Vectors[];
  /** Numbers of a row of `values`. */
  readonly width: number;
  /** Float32 `[rows, width]` */
  readonly values: SharedArrayBuffer;
  readonly images: readonly Images[];
  readonly action: Actions;
  /** Float32 `[rows, action.size]`; what was done after the row's observation. */
  readonly actions: SharedArrayBuffer;
  /** Names of further numbers: rewards, and what is known of a world and not seen in it. */
  readonly extras: readonly string[];
  /** Float32 `[rows, extras]` */
  readonly further: SharedArrayBuffer;
  /** Uint8 `[rows]`: see `TERMINATED`. */
  readonly flags: SharedArrayBuffer;
  /** Int32 `[rows]`: place of the row's episode in `episodes`. */
  readonly places: SharedArrayBuffer;
  /** Int32 `[episodes, 5]`: number, first row, actions, rows, index of the first frame. */
  readonly episodes: SharedArrayBuffer;
  /** Entries that cannot be read, by name. */
  readonly broken: readonly { readonly name: string; readonly reason: string }[];
  readonly leftOut: readonly LeftOut[];
  readonly notes: readonly string[];
}

/** Numbers of an episode in `Store.episodes`. */
export const OF_EPISODE = 5;

/** One episode of a store. */
export interface EpisodeRows {
  readonly number: number;
  readonly first: number;
  /** Actions. */
  readonly steps: number;
  /** Observations: one more than actions, where the last is known. */
  readonly seen: number;
  /** Index of the first frame: not 0 if frames before it are missing. */
  readonly from: number;
}

interface Views {
  readonly values: Float32Array;
  readonly actions: Float32Array;
  readonly further: Float32Array;
  readonly flags: Uint8Array;
  readonly places: Int32Array;
  readonly episodes: Int32Array;
  readonly pixels: readonly (Uint8Array | Uint16Array)[];
}

const opened = new WeakMap<Store, Views>();

/** The store's arrays. */
export function arraysOf(store: Store): Views {
  const known = opened.get(store);
  if (known) return known;
  const views: Views = {
    values: new Float32Array(store.values),
    actions: new Float32Array(store.actions),
    further: new Float32Array(store.further),
    flags: new Uint8Array(store.flags),
    places: new Int32Array(store.places),
    episodes: new Int32Array(store.episodes),
    pixels: store.images.map(({ pixels, levels }) => (levels > 255 ? new Uint16Array(pixels) : new Uint8Array(pixels))),
  };
  opened.set(store, views);
  return views;
}

/** The episode at a place of a store. */
export function episodeAt(store: Store, place: number): EpisodeRows {
  const [number = 0, first = 0, steps = 0, seen = 0, from = 0] = arraysOf(store).episodes.subarray(OF_EPISODE * place);
  return { number, first, steps, seen, from };
}

/** The episode that a row is in. */
export const episodeOf = (store: Store, row: number): EpisodeRows => episodeAt(store, arraysOf(store).places[row] ?? 0);

/** Numbers that grow, and end up in memory that threads share. */
export class Growing<Values extends Float32Array | Int32Array | Uint8Array | Uint16Array> {
  #values: Values;
  #length = 0;
  readonly #make: (buffer: ArrayBuffer | SharedArrayBuffer) => Values;

  constructor(make: (buffer: ArrayBuffer | SharedArrayBuffer) => Values) {
    this.#make = make;
    this.#values = make(new ArrayBuffer(1024));
  }

  get length(): number {
    return this.#length;
  }

  append(values: ArrayLike<number>): void {
    const end = this.#length + values.length;
    if (end > this.#values.length) {
      const larger = this.#make(
        new ArrayBuffer(this.#values.BYTES_PER_ELEMENT * Math.max(2 * this.#values.length, end)),
      );
      larger.set(this.#values.subarray(0, this.#length));
      this.#values = larger;
    }
    this.#values.set(values, this.#length);
    this.#length = end;
  }

  /** Forgets all but the first. */
  cut(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  at(index: number): number {
    return this.#values[index] ?? Number.NaN;
  }

  set(index: number, value: number): void {
    this.#values[index] = value;
  }

  shared(): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer(this.#length * this.#values.BYTES_PER_ELEMENT);
    this.#make(buffer).set(this.#values.subarray(0, this.#length));
    return buffer;
  }
}

export const floats = () => new Growing((buffer) => new Float32Array(buffer));
export const wholes = () => new Growing((buffer) => new Int32Array(buffer));
export const bytes = () => new Growing((buffer) => new Uint8Array(buffer));
export const words = () => new Growing((buffer) => new Uint16Array(buffer));

/** Int32 numbers that threads share. */
export function sharedWholes(values: ArrayLike<number>): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(4 * values.length);
  new Int32Array(buffer).set(values);
  return buffer;
}

/** The name of a frame: `episode-000012/frame-000003`. */
export const frameName = (episode: number, frame: number): string =>
  `episode-${String(episode).padStart(6, "0")}/frame-${String(frame).padStart(6, "0")}`;
