import { type Array, float32, np, type Rng, type Tensor } from "../../array/index.ts";
import type { Circumstances, Followed } from "../recipe.ts";

/** A queue of embeddings filled with random directions, `[size, dim]`, rows of length 1. */
export function randomQueue(rng: Rng, size: number, dim: number): Tensor {
  const { data } = rng.normals([size, dim]);
  const values = new Float32Array(data.length);
  for (let row = 0; row < size; row++) {
    const direction = data.subarray(row * dim, (row + 1) * dim);
    const length = Math.hypot(...direction);
    values.set(
      direction.map((value) => value / length),
      row * dim,
    );
  }
  return float32(values, [size, dim]);
}

/**
 * A queue that is no longer than the data: a longer one holds the same samples several times, and each query's own earlier
 * key among its negatives. It stays a whole number of batches, and has one of them at least.
 * @param option the method's option with its length
 */
export const shorterQueue =
  (option: string) =>
  ({ batchSize, samples, options }: Circumstances): readonly Followed[] => {
    const length = Number(options[option]);
    const fitting = Math.max(1, Math.floor(Math.min(length, samples) / batchSize)) * batchSize;
    return length > samples && fitting < length
      ? [{ option, value: fitting, because: `no more than the ${samples} samples, in whole batches of ${batchSize}` }]
      : [];
  };

/**
 * The queue with a batch added at the front and the oldest rows dropped at the end. MoCo, He et al. 2019,
 * https://arxiv.org/abs/1911.05722, whose code moves a pointer round a ring buffer instead.
 * @param queue `[size, dim]`
 * @param rows `[batch, dim]`; of more than `size` rows the first `size` are kept
 */
export function enqueue(queue: Array, rows: Array): Array {
  const [size, batch] = [queue.shape[0]!, rows.shape[0]!];
  if (batch >= size) return batch === size ? rows : np.split(rows, [size], 0)[0]!;
  return np.concatenate([rows, np.split(queue, [size - batch], 0)[0]!], 0);
}

/** For each row its nearest neighbour in the queue, `[rows, dim]`; both of unit length. */
export const nearestIn = (queue: Array, rows: Array): Array =>
  np.take(queue, np.argmax(np.matmul(rows, np.transpose(queue)), -1), 0);
