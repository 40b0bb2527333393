import { joinedFloats } from "../../array/index.ts";
import { type Modality, offerOf, type Source, sides as sidesAbility, type TensorRecord } from "../../data/index.ts";
import { BrokenSample, UserError } from "../../foundation/errors.ts";
import { batchFor, everyEntry, refuseInfinite } from "../../training/features.ts";
import type { Run } from "../../training/run/run.ts";

/** The samples of one side of pairs, as vectors. */
export interface SideVectors {
  /** `[rows, dim]` */
  readonly data: Float32Array;
  readonly rows: number;
  readonly dim: number;
  /** The pair of each row, as its entry in the source: several captions of an image are rows of one. */
  readonly entries: Int32Array;
  /** Which of its pair's samples of this side each row is, from 0. */
  readonly places: Int32Array;
}

/** A sample of one side, as it was read and as encoders read it. */
export interface SideSample {
  readonly sample: unknown;
  readonly tensors: TensorRecord;
}

/** What places the samples of both sides into one space. */
export interface Placer {
  readonly dim: number;
  /** @returns `[samples.length, dim]`, of any norm */
  place(side: string, samples: readonly SideSample[]): Promise<Float32Array> | Float32Array;
}

/** One side as it is read from a source's entries. */
export interface ReadSide {
  readonly name: string;
  readonly modality: Modality;
  /** The samples of this side in an entry, at least one. */
  samples(entry: unknown): readonly unknown[];
}

/** Both sides of pairs. */
export function sidesOfPairs({ modality }: Pick<Run, "modality">): ReadSide[] {
  const sides = offerOf(modality, sidesAbility);
  if (!sides) throw new Error(`${modality.name} data have no sides`);
  return sides.names.map((name) => ({
    ...{ name, modality: sides.modality(name) },
    samples: (pair) => sides.samples(pair, name),
  }));
}

export interface PlacedPairs {
  /** For each placer the vectors of each side, by its name. */
  readonly placed: readonly ReadonlyMap<string, SideVectors>[];
  readonly broken: readonly { readonly name: string; readonly reason: string }[];
}

/** Pairs decoded at once. */
const CONCURRENCY = 16;

/** Vectors of one side, while they come. */
function gathering(dims: readonly number[]) {
  const parts: Float32Array[][] = dims.map(() => []);
  const entries: number[] = [];
  const places: number[] = [];
  return {
    add(vectors: readonly Float32Array[], of: readonly { entry: number; place: number }[]): void {
      for (const [at, part] of vectors.entries()) parts[at]!.push(part);
      for (const { entry, place } of of) {
        entries.push(entry);
        places.push(place);
      }
    },
    result: (): SideVectors[] =>
      dims.map((dim, at) => ({
        data: joinedFloats(parts[at]!),
        ...{ rows: entries.length, dim },
        ...{ entries: Int32Array.from(entries), places: Int32Array.from(places) },
      })),
  };
}

/**
 * Reads entries once and places all samples of their sides, by each placer. An entry that cannot be read, or of one side of which
 * an encoder would see nothing, is left out.
 * @throws UserError when no entry can be read
 */
export async function placeSides(
  sides: readonly ReadSide[],
  source: Source<unknown>,
  placers: readonly Placer[],
  {
    indices = everyEntry(source),
    onProgress,
  }: {
    readonly indices?: Int32Array | undefined;
    readonly onProgress?: ((done: number, total: number) => void) | undefined;
  } = {},
): Promise<PlacedPairs> {
  const dims = placers.map(({ dim }) => dim);
  const broken: { name: string; reason: string }[] = [];
  const waiting = sides.map((side) => ({
    ...{ side, size: batchFor(side.modality), gathered: gathering(dims) },
    rows: [] as (SideSample & { entry: number; place: number })[],
  }));
  const flush = async (isLast: boolean): Promise<void> => {
    for (const { side, size, gathered, rows } of waiting)
      while (rows.length >= (isLast ? 1 : size)) {
        const batch = rows.splice(0, size);
        const vectors: Float32Array[] = [];
        for (const placer of placers) vectors.push(await placer.place(side.name, batch));
        for (const part of vectors) refuseInfinite(part, "the model");
        gathered.add(vectors, batch);
      }
  };
  for (let start = 0; start < indices.length; start += CONCURRENCY) {
    const chunk = [...indices.subarray(start, start + CONCURRENCY)];
    const read = await Promise.allSettled(chunk.map((entry) => source.read(entry)));
    for (const [at, result] of read.entries()) {
      const entry = chunk[at]!;
      if (result.status === "rejected") {
        if (!(result.reason instanceof BrokenSample)) throw result.reason;
        broken.push({ name: source.name(entry), reason: result.reason.message });
        continue;
      }
      const found = sides.map((side) => seenOf(side, result.value));
      const reason = found.find((one) => typeof one === "string");
      if (reason !== undefined) broken.push({ name: source.name(entry), reason });
      else
        for (const [which, { rows }] of waiting.entries())
          for (const seen of found[which]!) if (typeof seen !== "string") rows.push({ ...seen, entry });
    }
    await flush(false);
    onProgress?.(Math.min(indices.length, start + CONCURRENCY), indices.length);
  }
  if (broken.length === indices.length)
    throw new UserError(`none of the ${indices.length} entries could be read; the first: ${broken[0]?.reason}`);
  await flush(true);
  const results = waiting.map(({ side, gathered }) => [side.name, gathered.result()] as const);
  return { broken, placed: placers.map((_, at) => new Map(results.map(([name, vectors]) => [name, vectors[at]!]))) };
}

/** The samples of one side of which an encoder sees something; else why it sees nothing. */
function seenOf({ modality, samples }: ReadSide, entry: unknown): (SideSample & { place: number })[] | string {
  let reason = "";
  const found = samples(entry).flatMap((sample, place) => {
    const tensors = modality.tensors(sample);
    const unseen = modality.unseen?.(tensors);
    reason = unseen ?? reason;
    return unseen === undefined ? [{ place, sample, tensors }] : [];
  });
  return found.length > 0 ? found : reason;
}
