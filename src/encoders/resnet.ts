import * as z from "zod";
import { type Array, lax, np, type Rng, type Traced } from "../array/index.ts";
import * as bounds from "../foundation/bounds.ts";
import { conv, type PerAxis } from "../layers/conv.ts";
import { relu } from "../layers/functions/relu.ts";
import type { ParamsOf } from "../layers/layer.ts";
import { batchNorm } from "../layers/norms/batch-norm.ts";
import { map } from "./abilities.ts";
import { encoder, type Inputs } from "./encoder.ts";
import { gridInput } from "./grid-input.ts";

/** Blocks in each stage, by the number of layers. */
export const resnetStages = {
  8: { blocks: [1, 1, 1], bottleneck: false },
  10: { blocks: [1, 1, 1, 1], bottleneck: false },
  14: { blocks: [1, 1, 1, 1], bottleneck: true },
  18: { blocks: [2, 2, 2, 2], bottleneck: false },
  26: { blocks: [2, 2, 2, 2], bottleneck: true },
  34: { blocks: [3, 4, 6, 3], bottleneck: false },
  50: { blocks: [3, 4, 6, 3], bottleneck: true },
  101: { blocks: [3, 4, 23, 3], bottleneck: true },
  152: { blocks: [3, 8, 36, 3], bottleneck: true },
} as const;

/** Convolution and BatchNorm; the ReLU is the caller's. */
function convNorm(
  input: number,
  output: number,
  kernel: PerAxis,
  { axes, stride = 1, initialScale = 1 }: { axes: number; stride?: PerAxis; initialScale?: number },
) {
  const layers = { conv: conv(input, output, kernel, stride, axes), norm: batchNorm(output, { initialScale }) };
  const init = (rng: Rng) => ({ conv: layers.conv.init(rng), norm: layers.norm.init() });
  return {
    init,
    apply: (params: Traced<ParamsOf<{ init: typeof init }>>, x: Array): Array =>
      layers.norm.apply(params.norm, layers.conv.apply(params.conv, x)),
  };
}

/** Channels between a block's convolutions: `ratio` times its stage's width. */
export const innerChannels = (width: number, ratio: number): number => Math.max(1, Math.round(width * ratio));

interface BlockOptions {
  readonly axes: number;
  readonly stride: number;
  readonly bottleneck: boolean;
  readonly zeroInit: boolean;
  readonly innerRatio?: number | undefined;
}

/** One residual block: two 3 × 3 convolutions, or 1 × 1, 3 × 3, 1 × 1 with the stride on the 3 × 3 (torchvision's). */
function residualBlock(
  input: number,
  width: number,
  { axes, stride, bottleneck, zeroInit, innerRatio = 1 }: BlockOptions,
) {
  const output = bottleneck ? 4 * width : width;
  const inner = innerChannels(width, innerRatio);
  const last = { axes, initialScale: zeroInit ? 0 : 1 };
  const path = bottleneck
    ? [
        convNorm(input, inner, 1, { axes }),
        convNorm(inner, inner, 3, { axes, stride }),
        convNorm(inner, output, 1, last),
      ]
    : [convNorm(input, inner, 3, { axes, stride }), convNorm(inner, output, 3, last)];
  const shortcut = stride !== 1 || input !== output ? convNorm(input, output, 1, { axes, stride }) : undefined;
  const init = (rng: Rng) => ({
    path: path.map((layer, index) => layer.init(rng.split("path", index))),
    ...(shortcut ? { shortcut: shortcut.init(rng.split("shortcut")) } : {}),
  });
  return {
    output,
    init,
    apply(params: Traced<ParamsOf<{ init: typeof init }>>, x: Array): Array {
      const changed = path.reduce((inner, layer, index) => {
        const next = layer.apply(params.path[index]!, inner);
        return index < path.length - 1 ? relu(next) : next;
      }, x);
      const straight = shortcut && params.shortcut ? shortcut.apply(params.shortcut, x) : x;
      return relu(np.add(straight, changed));
    },
  };
}

/**
 * Residual network, torchvision's layout. He et al. 2015, https://arxiv.org/abs/1512.03385
 *
 * Reads one tensor `[batch, channels, height, width]`, or `[batch, channels, frames, height, width]`: then it is the 3-D
 * ResNet of Tran et al. 2017, https://arxiv.org/abs/1711.11248, whose stem leaves time as it is. Of a series `[batch, channels,
 * length]` it is one-dimensional, as in Wang et al. 2016, https://arxiv.org/abs/1611.06455, with torchvision's widths and
 * strides. Parameters:
 * `stem.{conv,norm}`, `stages.S.B.path.I.{conv,norm}`, `stages.S.B.shortcut.{conv,norm}`. The representation is the mean over
 * the last feature map.
 */
export const resnet = encoder({
  name: "resnet",
  paper: "https://arxiv.org/abs/1512.03385",
  reads: { "*": [2, 3, 4] },
  abilities: [map],
  options: z.object({
    layers: z
      .enum(["8", "10", "14", "18", "26", "34", "50", "101", "152"])
      .default("18")
      .describe(
        "number of layers; 8 has one block in each of three stages, 10 of four; 14, 26, 50 and more have bottlenecks",
      ),
    width: bounds.width().default(64).describe("channels of the first stage; 16 to 32 train in minutes on a laptop"),
    stem: z
      .enum(["auto", "imagenet", "small", "stride2"])
      .default("auto")
      .describe("7×7 with pooling, 3×3, or 3×3 with stride 2; auto: imagenet above 64 pixels, else small"),
    zeroInit: z.boolean().default(false).describe("start every residual block as the identity"),
    innerRatio: bounds
      .ratio()
      .optional()
      .describe("channels between a block's convolutions, over its width; 1 unless pruned"),
  }),

  build(options, specs) {
    const { name: input, channels, extents } = gridInput(specs, "encoder resnet");
    const axes = extents.length;
    const height = extents.at(-2) ?? extents[0]!;
    const { blocks: counts, bottleneck } = resnetStages[options.layers];
    const stemKind = options.stem === "auto" ? (height > 64 ? "imagenet" : "small") : options.stem;
    // Of a video's axes the first is time.
    const inSpace = (one: number, ofTime: number): number[] =>
      extents.map((_, axis) => (axis < axes - 2 ? ofTime : one));
    const stemStrides = inSpace(stemKind === "small" ? 1 : 2, 1);
    const stem = convNorm(channels, options.width, stemKind === "imagenet" ? inSpace(7, 3) : 3, {
      axes,
      stride: stemStrides,
    });
    let current = options.width;
    const body = counts.map((count, stage) =>
      globalThis.Array.from({ length: count }, (_, index) => {
        const stride = stage > 0 && index === 0 ? 2 : 1;
        const block = residualBlock(current, options.width * 2 ** stage, { ...options, axes, stride, bottleneck });
        current = block.output;
        return block;
      }),
    );
    const isPooled = stemKind === "imagenet" && axes < 3;
    const init = (rng: Rng) => ({
      stem: stem.init(rng.split("stem")),
      stages: body.map((blocks, stage) => blocks.map((block, index) => block.init(rng.split("stage", stage, index)))),
    });
    type ResnetParams = Traced<ParamsOf<{ init: typeof init }>>;

    const hidden = (params: ResnetParams, { [input]: pixels }: Inputs): Array => {
      if (!pixels) throw new Error(`resnet: no ${input} among the inputs`);
      const started = relu(stem.apply(params.stem, pixels));
      const pooled = isPooled ? maxPool(started, axes) : started;
      return body
        .flatMap((blocks, stage) => blocks.map((block, index) => ({ block, weights: params.stages[stage]![index]! })))
        .reduce((x, { block, weights }) => block.apply(weights, x), pooled);
    };

    // Convolutions pad so that a stride of 2 halves the side, rounded up; repeated halving rounds the same way.
    const strides = stemStrides.map((stride) => stride * 2 ** (counts.length - 1) * (isPooled ? 2 : 1));
    const final = extents.map((extent, axis) => Math.ceil(extent / strides[axis]!));

    return {
      name: "resnet",
      embedDim: current,
      init,
      apply: (params: ResnetParams, inputs: Inputs) => np.mean(hidden(params, inputs), axesOf(axes)),
      hidden,
      map: [current, ...final] as const,
      hyperparameters: {
        ...{ layers: Number(options.layers), width: options.width, channels, size: height, stem: stemKind },
        ...(options.innerRatio === undefined ? {} : { innerRatio: options.innerRatio }),
      },
    };
  },
});

/** The axes behind the batch and the channels. */
const axesOf = (count: number): number[] => globalThis.Array.from({ length: count }, (_, axis) => axis + 2);

/** Maximum of 3 along each axis with stride 2 and padding 1. Inputs are not negative, so zeros are as good as −∞ outside. */
const maxPool = (x: Array, axes: number): Array => {
  const every = <Value>(value: Value): Value[] => globalThis.Array.from({ length: axes }, () => value);
  const padding = [[0, 0], [0, 0], ...every([1, 1])] as [number, number][];
  return lax.reduceWindow(np.pad(x, padding), (window) => np.max(window), every(3), every(2));
};
