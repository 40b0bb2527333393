import { type Array, float32, int32, np, type Rng, type Tensor, type TensorData } from "../../../array/index.ts";
import type { Graphs } from "../../../data/graph.ts";
import type { TensorRecord } from "../../../data/modality.ts";
import type { Inputs } from "../../../encoders/encoder.ts";
import { UserError } from "../../../foundation/errors.ts";

/** For methods that compare whole graphs. @throws UserError when a sample may hold several graphs */
export function requireWhole(method: string, { isPacked = false }: Graphs): void {
  if (isPacked) throw new UserError(`${method}: takes all graphs of a packed sample for one; leave out --pack`);
}

/** 1 where a node is there and 0 where it is padding, `[batch, N]`. */
export const nodesPresent = (inputs: Inputs): Array => np.where(np.greater(nodeColumn(inputs, 0), 0), 1, 0);

/** One column of the nodes' codes, int32 `[batch, N]`. */
export function nodeColumn({ nodes }: Inputs, column: number): Array {
  if (!nodes) throw new Error("no nodes among the inputs");
  const [batch, count, columns] = nodes.shape as [number, number, number];
  if (columns === 1) return np.reshape(nodes, [batch, count]);
  const cuts = [column, column + 1].filter((cut) => cut > 0 && cut < columns);
  return np.reshape(np.split(nodes, cuts, 2)[column > 0 ? 1 : 0]!, [batch, count]);
}

/**
 * Mean of some nodes' vectors, `[batch, width]`; 0 where there are none.
 * @param vectors `[batch, N, width]`
 * @param chosen `[batch, N]`, 1 for those nodes and 0 for others
 */
export function meanOver(vectors: Array, chosen: Array): Array {
  const count = np.maximum(np.sum(chosen, 1, { keepdims: true }), 1);
  return np.multiply(np.sum(np.multiply(vectors, np.expandDims(chosen, 2)), 1), np.reciprocal(count));
}

/** Places of the nodes that are there in a graph's tensors, in order. */
export function placesOf({ nodes }: TensorRecord): number[] {
  if (!nodes) throw new Error("no nodes among the tensors");
  const columns = nodes.shape[1]!;
  return globalThis.Array.from({ length: nodes.shape[0]! }, (_, place) => place).filter(
    (place) => nodes.data[place * columns]! > 0,
  );
}

/** Some of the places, in random order: a share of them, rounded down, and `more` than that; never more than there are. */
export const someOf = (places: readonly number[], rng: Rng, share: number, more = 0): number[] =>
  [...rng.permutation(places.length)].slice(0, Math.floor(share * places.length) + more).map((at) => places[at]!);

/** float32 `[length]`, 1 at the places and 0 elsewhere. */
export function ones(places: readonly number[], length: number): Tensor {
  const marks = new Float32Array(length);
  for (const place of places) marks[place] = 1;
  return float32(marks, [length]);
}

/**
 * The same graph with other nodes' attributes at some places.
 * @param from by place, the node whose attributes are there now
 */
export function withAttributes(tensors: TensorRecord, from: ReadonlyMap<number, number>): TensorRecord {
  const { nodes, values } = tensors;
  if (!nodes || from.size === 0) return tensors;
  const move = (copy: Int32Array | Float32Array, source: TensorData, width: number) => {
    for (const [place, other] of from) copy.set(source.subarray(other * width, (other + 1) * width), place * width);
  };
  const codes = Int32Array.from(nodes.data);
  move(codes, nodes.data, nodes.shape[1]!);
  if (!values) return { ...tensors, nodes: int32(codes, nodes.shape) };
  const numbers = Float32Array.from(values.data);
  move(numbers, values.data, values.shape[1]!);
  return { ...tensors, nodes: int32(codes, nodes.shape), values: float32(numbers, values.shape) };
}
