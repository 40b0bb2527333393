import { type Array, np, type Rng, type TensorSpec } from "../array/index.ts";
import { UserError } from "../foundation/errors.ts";
import { columnCodes } from "../layers/functions/column-codes.ts";
import { oneHot } from "../layers/functions/one-hot.ts";
import { FEW_NODES } from "../layers/message-passing.ts";
import type { EncodeOptions, Inputs } from "./encoder.ts";

/** Columns of graphs, as their specs give them. */
export interface GraphInput {
  /** Codes of each node column. */
  readonly nodeSizes: readonly number[];
  /** Codes of each edge column. */
  readonly edgeSizes: readonly number[];
  /** Numbers of a node; 0 without an input `values`. */
  readonly valueDim: number;
}

/**
 * What an encoder of graphs reads: see `data/graph.ts`.
 * @param reader named in the message: `encoder gin`
 * @throws UserError when the data are no graphs
 */
export function graphInput({ nodes, edges, values }: Readonly<Record<string, TensorSpec>>, reader: string): GraphInput {
  if (!nodes?.below || !edges?.below || nodes.below.length !== nodes.shape[1] || edges.below.length !== edges.shape[1])
    throw new UserError(`${reader} reads graphs, nodes and edges with codes below known numbers; this data has none`);
  return { nodeSizes: nodes.below, edgeSizes: edges.below.slice(2), valueDim: values?.shape[1] ?? 0 };
}

/** Nodes and edges of a batch, and `[batch, N]`, 1 where a node is there and 0 where it is padding. */
export function graphTensors({ nodes, edges }: Inputs, reader: string): { nodes: Array; edges: Array; present: Array } {
  if (!nodes || !edges) throw new Error(`${reader}: no nodes and edges among the inputs`);
  const [batch, count] = nodes.shape as [number, number, number];
  const first = np.reshape(np.split(nodes, [1], 2)[0]!, [batch, count]);
  return { nodes, edges, present: np.greater(first, 0).astype(np.float32) };
}

/**
 * Vectors of nodes from their attributes: the sum of a row for each column, and a linear layer of the numbers if there are any.
 * Parameters: `table` `[codes of all node columns, width]`, `weight` `[numbers, width]`.
 */
export function nodeEmbedding({ nodeSizes, valueDim }: GraphInput, width: number) {
  const codes = columnCodes(nodeSizes);
  // Xavier's bounds, of the widest column and of the linear layer.
  const bound = (rows: number) => Math.sqrt(6 / (rows + width));
  return {
    init: (rng: Rng) => ({
      table: rng
        .split("codes")
        .uniforms([codes.total, width], -bound(Math.max(...nodeSizes)), bound(Math.max(...nodeSizes))),
      ...(valueDim > 0 && {
        weight: rng.split("weight").uniforms([valueDim, width], -bound(valueDim), bound(valueDim)),
      }),
    }),
    /** `[batch, N, width]` */
    apply(
      { table, weight }: { readonly table: Array; readonly weight?: Array },
      { nodes, values }: Inputs,
      { masked }: Pick<EncodeOptions, "masked"> = {},
    ): Array {
      const rows = np.matmul(codes.oneHot(nodes!), table);
      const all = weight && values ? np.add(rows, np.matmul(values, weight)) : rows;
      if (!masked) return all;
      const at = np.expandDims(masked.at, 2);
      return np.add(np.multiply(np.subtract(1, at), all), np.multiply(at, masked.token));
    },
  };
}

/** Vectors `[batch, N, width]` at places, int32 `[batch, chosen]`. @returns `[batch, chosen, width]` */
export function nodesAt(nodes: Array, places: Array): Array {
  const [batch, count, width] = nodes.shape as [number, number, number];
  if (count <= FEW_NODES) return np.matmul(oneHot(places, count), nodes);
  const first = np.reshape(np.multiply(np.arange(batch).astype(np.int32), count), [batch, 1]);
  const rows = np.take(np.reshape(nodes, [batch * count, width]), np.reshape(np.add(places, first), [-1]), 0);
  return np.reshape(rows, [batch, -1, width]);
}

/** Ways to make one vector of a graph's nodes. */
export const POOLINGS = ["sum", "mean", "max"] as const;

/**
 * The representation: the vectors of the nodes in the input `readout`, `[batch × rows, width]`, or else those of each graph pooled.
 * A readout of as many rows as there are nodes is all of them in order.
 * @param nodes `[batch, N, width]`, 0 for padding
 */
export function readOut(nodes: Array, { readout }: Inputs, present: Array, pooling: (typeof POOLINGS)[number]): Array {
  const [, count, width] = nodes.shape as [number, number, number];
  if (readout) return np.reshape(readout.shape[1] === count ? nodes : nodesAt(nodes, readout), [-1, width]);
  if (pooling === "max") {
    // Padding's vectors are 0, which may be more than all others.
    const outside = np.multiply(np.subtract(1, np.expandDims(present, 2)), -1e30);
    const some = np.max(present, 1, { keepdims: true });
    return np.multiply(np.max(np.add(nodes, outside), 1), some);
  }
  const sum = np.sum(nodes, 1);
  return pooling === "sum" ? sum : np.divide(sum, np.maximum(np.sum(present, 1, { keepdims: true }), 1));
}
