import { filled, float32, sizeOf, type Tensor } from "../../../../array/index.ts";
import { stacked } from "../../../../interop/huggingface/pieces.ts";
import type { Weights } from "./checkpoint.ts";

/** A layer of several that we have as one: its name, or theirs in our order. */
type OneOrMore = string | readonly string[];

/** Names of a ViT's weights, without `.weight` and `.bias` where both belong to a layer. */
export interface VitNames {
  readonly patch: string;
  readonly classToken?: string | undefined;
  readonly distillation?: string | undefined;
  readonly registers?: string | undefined;
  readonly positions?: string | undefined;
  /** The norm before the first block. */
  readonly embeddingNorm?: string | undefined;
  readonly norm: string;
  readonly block: (index: number) => BlockNames;
}

export interface BlockNames {
  readonly norm1: string;
  /** One layer, or queries, keys and values. */
  readonly qkv: OneOrMore;
  readonly output: string;
  readonly scale1?: string | undefined;
  readonly norm2: string;
  /** One layer, or gates and values. */
  readonly up: OneOrMore;
  readonly down: string;
  readonly scale2?: string | undefined;
}

export interface VitShape {
  readonly width: number;
  readonly depth: number;
  /** Hidden width of the feed-forward layers; gated ones have as many gates. */
  readonly hidden: number;
  readonly isGated?: boolean;
  /** Side of a patch. */
  readonly patch: number;
  readonly channels: number;
  readonly registers?: number;
  /** Patches along each axis that positions are for. */
  readonly grid: readonly [rows: number, columns: number];
  /** Tokens that have positions, in front of the patches': by default class and distillation token. */
  readonly placed?: number;
  readonly keyBias?: boolean;
  /** Width of all heads together, where some were pruned. */
  readonly inner?: number | undefined;
}

/**
 * `[width, channels, rows, columns]` → `[width, rows × columns × channels]`: the patch convolution as our linear layer, whose
 * inputs are ordered row, column, channel.
 */
export function fromConvolution({ data }: Tensor, [width = 0, channels = 0, ...sides]: readonly number[]): Tensor {
  const cells = sizeOf(sides);
  const values = new Float32Array(data.length);
  for (let out = 0; out < width; out++)
    for (let channel = 0; channel < channels; channel++)
      for (let cell = 0; cell < cells; cell++)
        values[(out * cells + cell) * channels + channel] = data[(out * channels + channel) * cells + cell]!;
  return float32(values, [width, cells * channels]);
}

/** Layers of equal shape below each other. Biases that a model does without are zeros. */
function joined(weights: Weights, names: OneOrMore, kind: "weight" | "bias", shape: readonly number[]): Tensor {
  const all = [names].flat();
  const each = [shape[0]! / all.length, ...shape.slice(1)];
  const read = kind === "bias" ? weights.orZeros : weights.at;
  return stacked(all.map((name) => read(`${name}.${kind}`, each)));
}

type BlockShape = Pick<VitShape, "width" | "depth" | "hidden" | "isGated" | "keyBias" | "inner">;

/** A norm's parameters, by our paths. */
export const normOf = ({ at }: Weights, path: string, name: string, width: number): [string, Tensor][] => [
  [`${path}.scale`, at(`${name}.weight`, [width])],
  [`${path}.shift`, at(`${name}.bias`, [width])],
];

/** A linear layer's parameters, by our paths. @param shape `[outputs, inputs]` */
export const linearOf = ({ at }: Weights, path: string, name: string, shape: readonly number[]): [string, Tensor][] => [
  [`${path}.weight`, at(`${name}.weight`, shape)],
  [`${path}.bias`, at(`${name}.bias`, shape.slice(0, 1))],
];

/** The parameters of Transformer blocks, by our paths: `blocks.…`. */
export function blocksOf(weights: Weights, names: VitNames["block"], shape: BlockShape): [string, Tensor][] {
  const { width, depth, hidden, isGated = false, keyBias = true, inner = width } = shape;
  return Array.from({ length: depth }, (_, index): [string, Tensor][] => {
    const block = names(index);
    const path = `blocks.${index}`;
    const scale = (to: string, name: string | undefined): [string, Tensor][] =>
      name === undefined ? [] : [[`${path}.${to}`, weights.at(name, [width])]];
    const biased = keyBias ? block.qkv : [block.qkv].flat().filter((_, role) => role !== 1);
    const rows = (isGated ? 2 : 1) * hidden;
    return [
      ...normOf(weights, `${path}.norm1`, block.norm1, width),
      [`${path}.attention.qkv.weight`, joined(weights, block.qkv, "weight", [3 * inner, width])],
      [`${path}.attention.qkv.bias`, joined(weights, biased, "bias", [(keyBias ? 3 : 2) * inner])],
      ...linearOf(weights, `${path}.attention.output`, block.output, [width, inner]),
      ...scale("scale1", block.scale1),
      ...normOf(weights, `${path}.norm2`, block.norm2, width),
      [`${path}.up.weight`, joined(weights, block.up, "weight", [rows, width])],
      [`${path}.up.bias`, joined(weights, block.up, "bias", [rows])],
      ...linearOf(weights, `${path}.down`, block.down, [width, hidden]),
      ...scale("scale2", block.scale2),
    ];
  }).flat();
}

/** The parameters of encoder `vit`, by our paths, of weights under other names. @throws UserError when some do not fit */
export function vitTensors(weights: Weights, names: VitNames, shape: VitShape): Map<string, Tensor> {
  const { width, patch, channels, registers = 0, grid } = shape;
  const { at, orZeros } = weights;
  const kernel = [width, channels, patch, patch];
  const front = [names.classToken, names.distillation].flatMap((name) => (name ? [at(name, [1, width])] : []));
  const optional = (path: string, tensor: Tensor | undefined): [string, Tensor][] => (tensor ? [[path, tensor]] : []);
  const { placed = front.length } = shape;
  const positions = names.positions && at(names.positions, [placed + sizeOf(grid), width]);
  // Where class tokens have no positions, they are in the tokens.
  const still = filled([front.length - placed, width], 0);
  const found: [string, Tensor][] = [
    ["patch.weight", fromConvolution(at(`${names.patch}.weight`, kernel), kernel)],
    ["patch.bias", orZeros(`${names.patch}.bias`, [width])],
    ...optional("classToken", front.length > 0 ? stacked(front) : undefined),
    ...optional("registers", names.registers && registers > 0 ? at(names.registers, [registers, width]) : undefined),
    ...optional("positions", positions ? stacked([still, positions]) : undefined),
    ...(names.embeddingNorm ? normOf(weights, "embeddingNorm", names.embeddingNorm, width) : []),
    ...blocksOf(weights, names.block, shape),
    ...normOf(weights, "norm", names.norm, width),
  ];
  return new Map(found.map(([path, tensor]) => [`encoder.${path}`, tensor]));
}
