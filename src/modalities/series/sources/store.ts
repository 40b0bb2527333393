import type { LeftOut } from "../../../data/files/left-out.ts";
import { BrokenSample, UserError } from "../../../foundation/errors.ts";
import type { Series } from "../series.ts";

/** One entry: where its values are, or why it has none. */
export interface Entry {
  readonly name: string;
  /** What must not be split. */
  readonly group: string;
  /** Index into the store's sets of channels. */
  readonly set: number;
  readonly offset: number;
  readonly length: number;
  readonly step?: number;
  /** Of the whole: that of its last step. */
  readonly label?: string;
  /** Where the labels of its steps begin, if they differ. */
  readonly steps?: number;
  readonly broken?: string;
}

/** All series of a source, in memory that threads share; structured-cloneable. */
export interface Store {
  readonly entries: readonly Entry[];
  readonly sets: readonly (readonly string[])[];
  /** Float32 values of all series, one after the other. */
  readonly values: SharedArrayBuffer;
  /** Int32 indices into `texts`: labels of steps; −1 for none. */
  readonly stepLabels: SharedArrayBuffer;
  readonly texts: readonly string[];
  readonly leftOut: readonly LeftOut[];
  /** What readers of the data should know: times that were filled. */
  readonly notes: readonly string[];
}

/** Values that fit: 4 GiB. */
const MOST_VALUES = 2 ** 30;

/** A series that is read, or the reason why it cannot be. */
export interface Found {
  readonly name: string;
  readonly group?: string;
  readonly channels?: readonly string[];
  readonly length?: number;
  readonly values?: Float32Array;
  readonly step?: number;
  readonly label?: string;
  readonly stepLabels?: readonly (string | undefined)[];
  readonly broken?: string;
}

/** Collects series. */
export class Collector {
  readonly #entries: Entry[] = [];
  readonly #sets: string[][] = [];
  readonly #setPlaces = new Map<string, number>();
  readonly #parts: Float32Array[] = [];
  readonly #steps: Int32Array[] = [];
  readonly #texts: string[] = [];
  readonly #textPlaces = new Map<string, number>();
  #length = 0;
  #stepLength = 0;

  /** @throws UserError when all of them do not fit into memory */
  add(found: Found): void {
    const { name, group = name, channels = [], length = 0, values = new Float32Array(), step, label, broken } = found;
    const key = JSON.stringify(channels);
    let set = this.#setPlaces.get(key);
    if (set === undefined) {
      set = this.#sets.push([...channels]) - 1;
      this.#setPlaces.set(key, set);
    }
    const { stepLabels } = found;
    const differ = stepLabels?.some((one) => one !== stepLabels[0]) ? stepLabels : undefined;
    this.#entries.push({
      ...{ name, group, set, length, offset: this.#length },
      ...(step === undefined ? {} : { step }),
      ...(label === undefined ? {} : { label }),
      ...(differ ? { steps: this.#stepLength } : {}),
      ...(broken === undefined ? {} : { broken }),
    });
    this.#length += values.length;
    if (this.#length > MOST_VALUES)
      throw new UserError(
        `more than ${MOST_VALUES.toLocaleString("en")} values, which do not fit into memory; choose channels with --column, or make the steps longer`,
      );
    this.#parts.push(values);
    if (!differ) return;
    this.#steps.push(Int32Array.from(differ, (one) => this.#textOf(one)));
    this.#stepLength += differ.length;
  }

  #textOf(text: string | undefined): number {
    if (text === undefined) return -1;
    const known = this.#textPlaces.get(text);
    if (known !== undefined) return known;
    this.#textPlaces.set(text, this.#texts.length);
    return this.#texts.push(text) - 1;
  }

  get count(): number {
    return this.#entries.length;
  }

  end(leftOut: readonly LeftOut[], notes: readonly string[]): Store {
    const values = new Float32Array(new SharedArrayBuffer(Math.max(4, 4 * this.#length)));
    let at = 0;
    for (const part of this.#parts) {
      // Doubles beyond the range of float32 are infinite here: as good as missing.
      values.set(
        part.map((value) => (Number.isFinite(value) ? value : Number.NaN)),
        at,
      );
      at += part.length;
    }
    const steps = new Int32Array(new SharedArrayBuffer(Math.max(4, 4 * this.#stepLength)));
    at = 0;
    for (const part of this.#steps) {
      steps.set(part, at);
      at += part.length;
    }
    return {
      entries: this.#entries,
      sets: this.#sets,
      values: values.buffer,
      stepLabels: steps.buffer,
      texts: this.#texts,
      leftOut,
      notes,
    };
  }
}

/** A whole series. @throws BrokenSample when it has none */
export function seriesAt({ entries, sets, values }: Store, index: number): Series {
  const { set, offset, length, step, broken } = entries[index]!;
  if (broken !== undefined) throw new BrokenSample(broken);
  const channels = sets[set]!;
  return {
    ...{ channels, length, values: new Float32Array(values, 4 * offset, channels.length * length) },
    ...(step === undefined ? {} : { step }),
  };
}

/** The label at a step of an entry: its own, or the whole's. */
export function labelAt({ entries, stepLabels, texts }: Store, index: number, step: number): string | undefined {
  const { label, steps, length } = entries[index]!;
  if (steps === undefined) return label;
  const place = new Int32Array(stepLabels)[steps + Math.max(0, Math.min(length - 1, step))]!;
  return texts[place];
}
