import { type Array, float32, np } from "../../../array/index.ts";
import type { InitialParams, Inputs, Params } from "../../../encoders/index.ts";
import { compile } from "../../../engine/index.ts";
import { stacked, transposed } from "../../../interop/huggingface/pieces.ts";
import { refuseInfinite, specsOf, stack } from "../../../training/features.ts";
import {
  batchOf,
  frameOf,
  type Head,
  inputsOf,
  type Model,
  outputsOf,
  placesOf,
  targetOf,
  type Watch,
} from "./head.ts";
import type { Part } from "./parts.ts";
import { NormalEquations } from "./ridge.ts";
import { Errors } from "./scores.ts";

/** Strengths of the ridge, over the mean square of an input. */
const STRENGTHS = [1e-2, 3e-2, 1e-1, 3e-1, 1, 3];

/** A head on frozen features, and its squared error on the part to choose on. */
export interface RidgeHead {
  readonly head: Head;
  /** Of the ridge, over the mean square of an input. */
  readonly strength: number;
  readonly mse: number;
}

/**
 * The head with the least squared error on frozen features, in closed form; the strength of its ridge is the best on
 * the part to choose on. The sums are of products in float32, added up in float64.
 */
export async function ridgeHead(
  model: Model,
  params: InitialParams,
  learn: readonly Part[],
  choose: readonly Part[],
  watch?: Watch,
): Promise<Head> {
  const heads = await ridgeHeads(model, params, learn, choose, STRENGTHS, watch);
  return heads.reduce((best, one) => (one.mse < best.mse ? one : best)).head;
}

/** A head for each strength. */
export async function ridgeHeads(
  model: Model,
  params: InitialParams,
  learn: readonly Part[],
  choose: readonly Part[],
  strengths: readonly number[],
  { signal, onProgress }: Watch = {},
): Promise<RidgeHead[]> {
  const { encoder, modality, reading, threads, horizon } = model;
  const { rows, dim, outputs } = reading;
  const batch = batchOf(model);
  const places = placesOf(learn);
  const total = places.length + placesOf(choose).length;
  const sums = (weights: Params, inputs: Inputs, { scale, target }: { scale: Array; target: Array }) => {
    const x = np.concatenate([reading.apply(weights, inputs), np.ones([batch * rows, 1])], 1);
    const scaled = np.multiply(x, scale);
    const across = np.transpose(scaled);
    return { squares: np.matmul(across, scaled), products: np.matmul(across, target) };
  };
  const size = batch * rows;
  const examples = [
    params,
    specsOf(modality, batch),
    { scale: { dtype: "float32", shape: [size, 1] }, target: { dtype: "float32", shape: [size, outputs] } },
  ] as const;
  const program = await compile(sums, examples, { name: `sums of ${encoder.name}`, threads });
  const equations = new NormalEquations(dim, outputs);
  try {
    for (let start = 0; start < places.length; start += batch) {
      signal?.throwIfAborted();
      const some = places.slice(start, start + batch);
      const [scale, target] = [new Float32Array(size), new Float32Array(size * outputs)];
      some.forEach(({ track, end }, at) => {
        const frame = frameOf(track, end, model);
        scale.set(frame.scale, at * rows);
        target.set(targetOf(track, end, horizon, frame), at * rows * outputs);
      });
      const inputs = stack(
        some.map(({ track, end }) => inputsOf(track, end, model)),
        batch,
      );
      const given = { scale: float32(scale, [size, 1]), target: float32(target, [size, outputs]) };
      const { squares, products } = await program.run(params, inputs, given);
      const [one, other] = [await squares.read(), await products.read()];
      refuseInfinite(other.data as Float32Array, `encoder ${encoder.name}`);
      equations.addSums(one.data, other.data);
      squares.dispose();
      products.dispose();
      onProgress?.(start + some.length, total);
    }
  } finally {
    await program.dispose();
  }
  const unit = equations.meanSquare;
  const heads = strengths.map((strength) => headOf(equations.solve(strength * unit), dim, outputs));
  const compiled = await outputsOf(model, heads.length);
  try {
    const candidates = heads.map((head, at) => ({ head, strength: strengths[at]!, errors: new Errors() }));
    await compiled.each(
      params,
      joined(heads),
      placesOf(choose),
      ({ track, end }, frame, guesses) => {
        const target = targetOf(track, end, horizon, frame);
        candidates.forEach(({ errors }, which) => {
          errors.add(target, guesses[which]!);
        });
      },
      { signal, onProgress: (done) => onProgress?.(places.length + done, total) },
    );
    return candidates.map(({ head, strength, errors }) => ({ head, strength, mse: errors.mse }));
  } finally {
    await compiled.dispose();
  }
}

/** Weights `[dim + 1, outputs]`, the offsets last, as a layer. */
function headOf(weights: Float64Array, dim: number, outputs: number): Head {
  const slopes = Float32Array.from(weights.subarray(0, dim * outputs));
  return {
    weight: transposed(float32(slopes, [dim, outputs])),
    bias: float32(Float32Array.from(weights.subarray(dim * outputs)), [outputs]),
  };
}

/** Heads one below the other. */
const joined = (heads: readonly Head[]): Head => ({
  weight: stacked(heads.map(({ weight }) => weight)),
  bias: stacked(heads.map(({ bias }) => bias)),
});
