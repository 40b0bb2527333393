import { float32, type Tensor } from "../../array/index.ts";
import { renamed } from "./pieces.ts";

/** `[width, row × column × channel]` → `[width, channel, row, column]`, the weight of the same patch convolution. */
export function toConvolution({ data, shape }: Tensor, [rows, columns]: readonly [number, number]): Tensor {
  const [width = 0, patchDim = 0] = shape;
  const channels = patchDim / (rows * columns);
  const values = new Float32Array(data.length);
  for (let out = 0; out < width; out++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        for (let channel = 0; channel < channels; channel++)
          values[((out * channels + channel) * rows + row) * columns + column] =
            data[out * patchDim + (row * columns + column) * channels + channel]!;
  return float32(values, [width, channels, rows, columns]);
}

/** The blocks and the last norm of a ViT under the names that ViT, DeiT and AST share. @param at of a parameter by its path */
export function vitBlocks(at: (path: string) => Tensor, depth: number): [name: string, tensor: Tensor][] {
  const { layer, norm, attention } = renamed(at);
  const blocks = Array.from({ length: depth }, (_, block) => {
    const from = `blocks.${block}`;
    const to = `encoder.layer.${block}`;
    return [
      ...attention(`${to}.attention.attention`, `${from}.attention.qkv`),
      ...layer(`${to}.attention.output.dense`, `${from}.attention.output`),
      ...layer(`${to}.intermediate.dense`, `${from}.up`),
      ...layer(`${to}.output.dense`, `${from}.down`),
      ...norm(`${to}.layernorm_before`, `${from}.norm1`),
      ...norm(`${to}.layernorm_after`, `${from}.norm2`),
    ];
  });
  return [...blocks.flat(), ...norm("layernorm", "norm")];
}
