import { allocate, np, sizeOf, type Tensor, type TensorSpec, type Tree } from "../array/index.ts";
import { offerOf } from "../data/ability.ts";
import type { Features } from "../data/features.ts";
import type { Modality, TensorRecord } from "../data/modality.ts";
import type { Source } from "../data/source.ts";
import { tokens } from "../encoders/abilities.ts";
import type { Encoder, InitialParams, Inputs, Params } from "../encoders/index.ts";
import { type CompileOptions, compile, type Device, type DeviceTensor } from "../engine/index.ts";
import { BrokenSample, UserError } from "../foundation/errors.ts";
import type { OutputsWanted } from "../methods/method.ts";

export interface FeatureOptions {
  readonly modality: Modality<unknown>;
  readonly source: Source<unknown>;
  /** Entries to read; all by default. */
  readonly indices?: Int32Array;
  readonly device?: Device;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Batch size of the encoder; fewer of large samples. */
export const BATCH = 256;
/** Most bytes of a batch's tensors, and most scores of one attention head in it. */
const [MOST_BYTES, MOST_SCORES] = [2 ** 28, 2 ** 28];
/** Entries decoded concurrently. */
const CONCURRENCY = 16;

/**
 * Samples in a batch: 256, or as many as fit into memory. The sizes may come from a run's config.json.
 * @param encoder its attention counts too
 */
export function batchFor({ specs }: Pick<Modality<unknown>, "specs">, encoder?: Encoder): number {
  const values = Object.values(specs).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const positions = (encoder && offerOf(encoder, tokens)?.count) ?? 1;
  return Math.max(1, Math.floor(Math.min(BATCH, MOST_BYTES / (4 * values), MOST_SCORES / positions ** 2)));
}

/**
 * The entries' tensors in order, in batches; broken entries, and those of which an encoder would see nothing, are skipped
 * and reported.
 */
export async function* readBatches(
  { modality, source, indices = everyEntry(source) }: FeatureOptions,
  broken: { name: string; reason: string }[],
  batchSize = batchFor(modality),
): AsyncGenerator<{ rows: TensorRecord[]; indices: number[] }> {
  let rows: TensorRecord[] = [];
  let kept: number[] = [];
  for (let start = 0; start < indices.length; start += CONCURRENCY) {
    const chunk = [...indices.subarray(start, start + CONCURRENCY)];
    const samples = await Promise.allSettled(chunk.map((index) => source.read(index)));
    for (const [at, result] of samples.entries()) {
      const index = chunk[at]!;
      if (result.status === "rejected") {
        if (!(result.reason instanceof BrokenSample)) throw result.reason;
        broken.push({ name: source.name(index), reason: result.reason.message });
        continue;
      }
      const tensors = modality.tensors(result.value);
      const unseen = modality.unseen?.(tensors);
      if (unseen !== undefined) {
        broken.push({ name: source.name(index), reason: unseen });
        continue;
      }
      rows.push(tensors);
      kept.push(index);
      if (rows.length === batchSize) {
        yield { rows, indices: kept };
        rows = [];
        kept = [];
      }
    }
  }
  if (rows.length > 0) yield { rows, indices: kept };
}

/** All entries of a source, in order. */
export const everyEntry = (source: Source<unknown>) => Int32Array.from({ length: source.length }, (_, index) => index);

/** Stacks rows of tensors into one batch, padded with zeros at the end. */
export function stack(rows: readonly TensorRecord[], batchSize: number): Record<string, Tensor> {
  const [first] = rows;
  if (!first) throw new Error("no rows to stack");
  return Object.fromEntries(
    Object.entries(first).map(
      ([
        name,
        {
          dtype,
          shape,
          data: { length },
        },
      ]) => {
        const data = allocate(dtype, batchSize * length);
        rows.forEach((row, at) => {
          data.set(row[name]!.data, at * length);
        });
        return [name, { dtype, shape: [batchSize, ...shape], data }];
      },
    ),
  );
}

/** Shapes of a batch of the modality's tensors. */
export const specsOf = (modality: Modality<unknown>, batchSize: number): Record<string, TensorSpec> =>
  Object.fromEntries(
    Object.entries(modality.specs).map(([name, { dtype, shape }]) => [name, { dtype, shape: [batchSize, ...shape] }]),
  );

/** A function from batches of inputs to vectors, compiled once. */
export interface Embedder {
  readonly dim: number;
  /**
   * @param weights with the shapes it was compiled for; the compiled ones by default
   * @returns `[rows.length, dim]`
   */
  embed(rows: readonly TensorRecord[], weights?: Tree<Tensor | DeviceTensor>): Promise<Float32Array>;
  dispose(): Promise<void>;
}

export interface EmbedderOptions extends Pick<CompileOptions, "device" | "threads" | "spin"> {
  /** Batch size. */
  readonly batchSize?: number;
}

/** Compiles the encoder in evaluation mode (running statistics, no drop-path). */
export async function embedder(
  encoder: Encoder,
  params: InitialParams,
  modality: Modality<unknown>,
  { batchSize = batchFor(modality, encoder), ...options }: EmbedderOptions = {},
): Promise<Embedder> {
  const apply = (weights: Params, inputs: Inputs) => ({ features: encoder.apply(weights, inputs) });
  const program = await compile(apply, [params, specsOf(modality, batchSize)], {
    ...options,
    name: `encoder ${encoder.name}`,
  });
  return {
    dim: encoder.embedDim,
    async embed(rows, weights = params) {
      const vectors = new Float32Array(rows.length * encoder.embedDim);
      for (let start = 0; start < rows.length; start += batchSize) {
        const part = rows.slice(start, start + batchSize);
        const { features } = await program.run(weights, stack(part, batchSize));
        const { data } = await features.read();
        features.dispose();
        vectors.set(data.subarray(0, part.length * encoder.embedDim), start * encoder.embedDim);
      }
      refuseInfinite(vectors, `encoder ${encoder.name}`);
      return vectors;
    },
    dispose: () => program.dispose(),
  };
}

/** @throws UserError when a value is not finite: the weights have diverged or are damaged, or a sample contains such values */
export function refuseInfinite(values: Float32Array, who: string): void {
  for (const value of values)
    if (!Number.isFinite(value))
      throw new UserError(
        `${who} gives values that are not finite (NaN or infinite): its weights have diverged, or the data contain such values`,
      );
}

/** Collects the vectors that `toVectors` computes for each batch. */
export async function collect(
  options: FeatureOptions,
  dim: number,
  toVectors: (rows: TensorRecord[]) => Promise<Float32Array> | Float32Array,
): Promise<Features> {
  const { source, onProgress } = options;
  const total = options.indices?.length ?? source.length;
  const data = new Float32Array(total * dim);
  const broken: { name: string; reason: string }[] = [];
  const indices: number[] = [];
  for await (const batch of readBatches(options, broken)) {
    const vectors = await toVectors(batch.rows);
    refuseInfinite(vectors, "the model");
    data.set(vectors, indices.length * dim);
    indices.push(...batch.indices);
    onProgress?.(indices.length + broken.length, total);
  }
  if (indices.length === 0)
    throw new UserError(`none of the ${total} entries could be read; the first: ${broken[0]?.reason}`);
  const { labels, classes } = source;
  return {
    data: data.subarray(0, indices.length * dim),
    rows: indices.length,
    dim,
    indices: Int32Array.from(indices),
    ...(labels ? { labels: Int32Array.from(indices, (index) => labels[index]!), classes } : {}),
    broken,
  };
}

/** The encoder's features of every entry, `[rows, embedDim]`. @throws UserError when no entry can be read */
export async function extractFeatures(
  options: FeatureOptions & { readonly encoder: Encoder; readonly params: InitialParams },
): Promise<Features> {
  const { encoder, params, modality, device } = options;
  const compiled = await embedder(encoder, params, modality, { device });
  try {
    return await collect(options, compiled.dim, (rows) => compiled.embed(rows));
  } finally {
    await compiled.dispose();
  }
}

/** What `apply` gives of the entries instead of the encoder's features, `[rows, dim]`. @throws UserError when no entry can be read */
export const extractOutputs = (
  { apply, dim, indices }: OutputsWanted,
  { encoder, ...options }: FeatureOptions & { readonly encoder: Encoder; readonly params: InitialParams },
): Promise<Features> => {
  const flat = (params: Params, inputs: Inputs) => np.reshape(apply(params, inputs), [-1, dim]);
  return extractFeatures({ ...options, indices, encoder: { ...encoder, apply: flat, embedDim: dim } });
};
