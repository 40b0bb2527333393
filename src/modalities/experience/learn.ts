import type { RunFiles } from "../../data/modality.ts";
import type { Source } from "../../data/source.ts";
import { skipBroken, UserError } from "../../foundation/errors.ts";
import { FILE, type Learned } from "./learned.ts";
import type { ExperienceOptions } from "./options.ts";
import { actionAt, type Experience, type ExperienceSample, imageAt, isSeen, vectorAt } from "./sample.ts";
import type { Store } from "./sources/store.ts";

/** Frames that are measured. */
const MEASURED = 4096;
const MEASURED_IMAGES = 256;

/** Mean and deviation of numbers, over what is there. */
class Moments {
  readonly #count: number[];
  readonly #mean: number[];
  readonly #squares: number[];

  constructor(width: number) {
    [this.#count, this.#mean, this.#squares] = [0, 0, 0].map(() => Array<number>(width).fill(0)) as [
      number[],
      number[],
      number[],
    ];
  }

  add(at: number, value: number): void {
    if (!Number.isFinite(value)) return;
    this.#count[at]!++;
    const difference = value - this.#mean[at]!;
    this.#mean[at]! += difference / this.#count[at]!;
    this.#squares[at]! += difference * (value - this.#mean[at]!);
  }

  /** What hardly changes is not blown up to noise. */
  get moments(): { mean: number[]; std: number[] } {
    const rounded = (value: number) => Number(value.toPrecision(8));
    const std = this.#squares.map((sum, at) => {
      const deviation = Math.sqrt(sum / Math.max(1, this.#count[at]!));
      return deviation > 1e-6 * Math.abs(this.#mean[at]!) && deviation > 1e-8 ? rounded(deviation) : 1;
    });
    return { mean: this.#mean.map(rounded), std };
  }
}

/** The store of a source's samples. @throws UserError when none can be read */
export async function storeOf(source: Source<ExperienceSample>): Promise<Store> {
  for (let index = 0; index < source.length; index++) {
    const sample = await source.read(index).catch(skipBroken);
    if (sample && !isSeen(sample)) return sample.store;
  }
  throw new UserError("none of the frames can be read");
}

/** What the encoder reads: the observations that were named; else the first image, else all vectors. @throws UserError */
export function chosenOf({ images, vectors }: Store, names: readonly string[]): Pick<Learned, "image" | "vectors"> {
  const there = [...images, ...vectors].map(({ name }) => name).join(", ");
  const [only] = names;
  const image = names.length === 0 ? images[0] : images.find(({ name }) => name === only);
  if (image) {
    if (names.length > 1)
      throw new UserError(
        `--observation ${names.join(",")}: one image alone, or vectors together; there are: ${there}`,
      );
    const { pixels: _, ...kept } = image;
    return { image: kept, vectors: [] };
  }
  const all = names.length === 0 ? vectors.map(({ name }) => name) : names;
  return {
    vectors: all.map((name) => {
      const vector = vectors.find((one) => one.name === name);
      if (!vector) throw new UserError(`--observation ${name}: no observation of this name; there are: ${there}`);
      return { name, size: vector.size };
    }),
  };
}

/** Means and deviations of what the encoder reads and of actions; a file for the run folder. */
export async function learnExperience(
  source: Source<ExperienceSample>,
  { observation }: ExperienceOptions,
): Promise<RunFiles> {
  const store = await storeOf(source);
  const { image, vectors } = chosenOf(store, observation);
  const { size, choices, names, low, high } = store.action;
  const seen = new Moments(image ? image.channels : vectors.reduce((sum, vector) => sum + vector.size, 0));
  const done = new Moments(size);
  const measured = Math.min(MEASURED, source.length);
  const images = Math.ceil(measured / MEASURED_IMAGES);
  for (let probe = 0; probe < measured; probe++) {
    const sample = await source.read(Math.floor((probe * source.length) / measured)).catch(skipBroken);
    if (!sample || isSeen(sample)) continue;
    if (!image)
      numbersOf(sample, vectors).forEach((value, at) => {
        seen.add(at, value);
      });
    else if (probe % images === 0) {
      const { data, height, width } = imageAt(sample, image.name);
      data.forEach((value, at) => {
        seen.add(Math.floor(at / (height * width)), value);
      });
    }
    actionAt(sample).forEach((value, at) => {
      done.add(at, value);
    });
  }
  const learned: Learned = {
    ...(image ? { image } : {}),
    vectors: [...vectors],
    ...seen.moments,
    action: {
      ...{ size, names: [...names], low: [...low], high: [...high] },
      ...(choices === undefined ? {} : { choices }),
      ...done.moments,
    },
  };
  return { [FILE]: `${JSON.stringify(learned)}\n` };
}

/** The numbers of several observations of a frame, one after the other. */
export function numbersOf(sample: Experience, vectors: Learned["vectors"]): Float32Array {
  const joined = new Float32Array(vectors.reduce((sum, { size }) => sum + size, 0));
  let at = 0;
  for (const { name, size } of vectors) {
    const found = vectorAt(sample, name);
    if (found.length !== size)
      throw new UserError(`observation "${name}" has ${found.length} numbers here; the encoder reads ${size}`);
    joined.set(found, at);
    at += size;
  }
  return joined;
}
