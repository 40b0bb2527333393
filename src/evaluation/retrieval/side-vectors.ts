import { offerOf, type Source, sides as sidesAbility, type TensorRecord } from "../../data/index.ts";
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
        data: joined(parts[at]!),
        ...{ rows: entries.length, dim },
        ...{ entries: Int32Array.from(entries), places: Int32Array.from(places) },
      })),
  };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/**
 * Reads pairs once and places all samples of their sides, by each placer. A pair that cannot be read, or of one side of which an
 * encoder would see nothing, is left out.
 * @throws UserError when no pair can be read
 */
export async function placePairs(
  { modality }: Pick<Run, "modality">,
  source: Source<unknown>,
  placers: readonly Placer[],
  {
    indices = everyEntry(source),
    only,
    onProgress,
  }: {
    readonly indices?: Int32Array | undefined;
    /** Sides to place; both by default. */
    readonly only?: readonly string[];
    readonly onProgress?: ((done: number, total: number) => void) | undefined;
  } = {},
): Promise<PlacedPairs> {
  const sides = offerOf(modality, sidesAbility);
  if (!sides) throw new Error(`${modality.name} data have no sides`);
  const dims = placers.map(({ dim }) => dim);
  const names = sides.names.filter((name) => only?.includes(name) ?? true);
  const broken: { name: string; reason: string }[] = [];
  const waiting = new Map(
    names.map((side) => [
      side,
      {
        ...{ kind: sides.modality(side), size: batchFor(sides.modality(side)), gathered: gathering(dims) },
        rows: [] as (SideSample & { entry: number; place: number })[],
      },
    ]),
  );
  const flush = async (side: string, atLeast: number): Promise<void> => {
    const { size, gathered, rows } = waiting.get(side)!;
    while (rows.length >= Math.max(1, atLeast)) {
      const batch = rows.splice(0, size);
      const vectors: Float32Array[] = [];
      for (const placer of placers) vectors.push(await placer.place(side, batch));
      for (const part of vectors) refuseInfinite(part, "the model");
      gathered.add(vectors, batch);
    }
  };
  /** The samples of one side of which an encoder sees something; else why it sees nothing. */
  const seen = (side: string, pair: unknown): { place: number; sample: SideSample }[] | string => {
    const { kind } = waiting.get(side)!;
    let reason = "";
    const found = sides.samples(pair, side).flatMap((sample, place) => {
      const tensors = kind.tensors(sample);
      const unseen = kind.unseen?.(tensors);
      reason = unseen ?? reason;
      return unseen === undefined ? [{ place, sample: { sample, tensors } }] : [];
    });
    return found.length > 0 ? found : reason;
  };
  for (let start = 0; start < indices.length; start += CONCURRENCY) {
    const chunk = [...indices.subarray(start, start + CONCURRENCY)];
    const pairs = await Promise.allSettled(chunk.map((entry) => source.read(entry)));
    for (const [at, result] of pairs.entries()) {
      const entry = chunk[at]!;
      if (result.status === "rejected") {
        if (!(result.reason instanceof BrokenSample)) throw result.reason;
        broken.push({ name: source.name(entry), reason: result.reason.message });
        continue;
      }
      const ofSides = names.map((side) => [side, seen(side, result.value)] as const);
      const reason = ofSides.map(([, found]) => found).find((found) => typeof found === "string");
      if (reason !== undefined) {
        broken.push({ name: source.name(entry), reason });
        continue;
      }
      for (const [side, found] of ofSides)
        if (typeof found !== "string")
          waiting.get(side)!.rows.push(...found.map(({ place, sample }) => ({ ...sample, entry, place })));
    }
    for (const side of names) await flush(side, waiting.get(side)!.size);
    onProgress?.(Math.min(indices.length, start + CONCURRENCY), indices.length);
  }
  if (broken.length === indices.length)
    throw new UserError(`none of the ${indices.length} pairs could be read; the first: ${broken[0]?.reason}`);
  for (const side of names) await flush(side, 1);
  const results = new Map([...waiting].map(([side, { gathered }]) => [side, gathered.result()]));
  return {
    broken,
    placed: placers.map((_, at) => new Map([...results].map(([side, vectors]) => [side, vectors[at]!]))),
  };
}
