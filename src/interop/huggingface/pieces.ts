import { float32, type Tensor, tree } from "../../array/index.ts";
import type { InitialParams } from "../../encoders/index.ts";

/** Looks parameters up by path. @throws Error naming a missing path */
export function lookup(params: InitialParams): (path: string) => Tensor {
  const byPath = new Map(tree.entries<Tensor>(params));
  return (path) => {
    const tensor = byPath.get(path);
    if (!tensor) throw new Error(`no parameter ${path}`);
    return tensor;
  };
}

/** The parameters of our layers at a path, under Hugging Face's names. */
export function renamed(at: (path: string) => Tensor) {
  return {
    layer: (name: string, path: string): [string, Tensor][] =>
      ["weight", "bias"].map((kind) => [`${name}.${kind}`, at(`${path}.${kind}`)]),
    norm: (name: string, path: string): [string, Tensor][] => [
      [`${name}.weight`, at(`${path}.scale`)],
      [`${name}.bias`, at(`${path}.shift`)],
    ],
    /** Hugging Face has separate layers for queries, keys and values; we have one. @param roles their names */
    attention: (name: string, path: string, roles = ["query", "key", "value"]): [string, Tensor][] =>
      roles.flatMap((role, which) =>
        ["weight", "bias"].map((kind): [string, Tensor] => [
          `${name}.${role}.${kind}`,
          partOf(at(`${path}.${kind}`), which, 3),
        ]),
      ),
  };
}

/** One of `parts` equal parts along the first axis. */
export function partOf({ data, shape }: Tensor, which: number, parts: number): Tensor {
  const size = data.length / parts;
  const values = Float32Array.from(data.subarray(which * size, (which + 1) * size));
  return float32(values, [shape[0]! / parts, ...shape.slice(1)]);
}

/** Tensors concatenated along the first axis. */
export function stacked(tensors: readonly Tensor[]): Tensor {
  const values = new Float32Array(tensors.reduce((sum, { data }) => sum + data.length, 0));
  let offset = 0;
  for (const { data } of tensors) {
    values.set(data, offset);
    offset += data.length;
  }
  const rows = tensors.reduce((sum, { shape }) => sum + shape[0]!, 0);
  return float32(values, [rows, ...tensors[0]!.shape.slice(1)]);
}

/** `[rows, columns]` → `[columns, rows]`. */
export function transposed({ data, shape }: Tensor): Tensor {
  const [rows = 0, columns = 0] = shape;
  const values = new Float32Array(data.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) values[column * rows + row] = data[row * columns + column]!;
  return float32(values, [columns, rows]);
}
