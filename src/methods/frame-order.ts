import * as z from "zod";
import { type Array, int32, np, type Rng, type Traced } from "../array/index.ts";
import { segments } from "../data/time.ts";
import type { Inputs } from "../encoders/encoder.ts";
import * as bounds from "../foundation/bounds.ts";
import { dropout } from "../layers/functions/dropout.ts";
import { relu } from "../layers/functions/relu.ts";
import { linear } from "../layers/linear.ts";
import { accuracy, crossEntropy } from "../objectives/supervised/cross-entropy.ts";
import { method } from "./method.ts";
import { partsAlongTime } from "./parts/time-steps.ts";
import { concatenateInputs } from "./parts/views.ts";

/** Every order of 0 … count − 1; with `reversible` one of each two that are each other's reverse. */
export function ordersOf(count: number, reversible: boolean): number[][] {
  const extend = (order: number[]): number[][] =>
    order.length === count
      ? [order]
      : globalThis.Array.from({ length: count }, (_, next) => next)
          .filter((next) => !order.includes(next))
          .flatMap((next) => extend([...order, next]));
  return extend([]).filter((order) => !reversible || order[0]! < order.at(-1)!);
}

/** Of five segments a … e, in order of time: b c d is right; b a d and b e d are wrong. */
const RIGHT = [1, 2, 3];
const WRONG = [
  [1, 0, 3],
  [1, 4, 3],
];
const SEGMENTS_OF_TUPLES = 5;
/** Share of tuples in the right order: the paper's best. */
const SHARE_RIGHT = 0.25;

/**
 * Order of segments of a sample: clips of a video, parts of a recording or a series.
 *
 * - By default VCOP: which order three shuffled clips are in. Xu et al. 2019,
 *   https://openaccess.thecvf.com/content_CVPR_2019/papers/Xu_Self-Supervised_Spatiotemporal_Learning_via_Video_Clip_Order_Prediction_CVPR_2019_paper.pdf
 * - Preset `opn`: four, and an order and its reverse are one class. Lee et al. 2017, https://arxiv.org/abs/1708.01246
 * - Preset `shuffle-and-learn`: whether three are in the right order: of five a … e, b c d against b a d and b e d.
 *   Misra et al. 2016, https://arxiv.org/abs/1603.08561
 *
 * Orders are read from every pair of segments, as in VCOP and OPN; whether one is right from all three at once. Differs from
 * the papers: any encoder of any kind of data; lengths and distances are shares of the encoder's input; segments are cut at
 * random, not where there is motion, and not changed further (OPN and Shuffle & Learn also choose by optical flow, OPN splits
 * colour channels); a learning rate with cosine decay.
 */
export const frameOrder = method({
  name: "frame-order",
  family: "predictive",
  paper:
    "https://openaccess.thecvf.com/content_CVPR_2019/papers/Xu_Self-Supervised_Spatiotemporal_Learning_via_Video_Clip_Order_Prediction_CVPR_2019_paper.pdf",
  summary: "predict the order of shuffled segments, or whether it is right",
  needs: [segments],
  options: z.object({
    predict: z
      .enum(["order", "validity"])
      .default("order")
      .describe("order: which one the segments are in; validity: whether three are in the right one"),
    count: z.int().min(2).max(5).default(3).describe("number of segments whose order is predicted"),
    reversible: z.boolean().default(false).describe("an order and its reverse are one class"),
    extent: z.number().gt(0).max(1).default(0.25).describe("length of a segment, over the encoder's input"),
    gap: z
      .tuple([z.number().min(-1).max(100), z.number().min(-1).max(100)])
      .default([0, 0.125])
      .describe("least and greatest distance between segments, over the encoder's input"),
    pairDim: bounds.width().default(512).describe("width of the layer that reads two segments"),
    headDropout: z.number().min(0).lt(1).default(0.5).describe("share of that layer's output dropped in training"),
  }),
  recipe: { optimizer: "sgd", baseLearningRate: 0.032, weightDecay: 5e-4, batchSize: 8 },
  presets: {
    opn: {
      summary: "four segments, an order and its reverse are one class",
      options: { count: 4, reversible: true, extent: 0.2, gap: [0, 0.06] },
    },
    "shuffle-and-learn": {
      summary: "whether three segments of five are in the right order",
      options: { predict: "validity", extent: 0.16, gap: [0, 0.05] },
    },
    small: {
      summary: "AdamW, batches of 64; 128 values of a pair",
      lightViews: true,
      options: { pairDim: 128, headDropout: 0 },
      training: { optimizer: "adamw", batchSize: 64, learningRate: 1e-3, weightDecay: 1e-4, gradientClip: 1 },
    },
  },

  build({ encoder, modality, options }) {
    const { predict, reversible, extent, gap, pairDim, headDropout } = options;
    const isOrder = predict === "order";
    const count = isOrder ? options.count : RIGHT.length;
    const orders = ordersOf(count, reversible);
    const cut = { count: isOrder ? count : SEGMENTS_OF_TUPLES, extent, gap, ...partsAlongTime(encoder) };
    const pairs = globalThis.Array.from({ length: count }, (_, first) => first).flatMap((first) =>
      globalThis.Array.from({ length: count - 1 - first }, (_, more) => [first, first + 1 + more] as const),
    );
    const pair = linear(2 * encoder.embedDim, pairDim);
    const head = isOrder ? linear(pairs.length * pairDim, orders.length) : linear(count * encoder.embedDim, 2);

    /** Which of the segments are shown, in which order, and the class. */
    const draw = (rng: Rng): { shown: readonly number[]; label: number } => {
      if (!isOrder)
        return rng.chance(SHARE_RIGHT) ? { shown: RIGHT, label: 1 } : { shown: WRONG[rng.integer(0, 1)]!, label: 0 };
      const label = rng.integer(0, orders.length - 1);
      const order = orders[label]!;
      return { shown: reversible && rng.chance(0.5) ? order.toReversed() : order, label };
    };
    const init = (rng: Rng) => ({
      encoder: encoder.init(rng.split("encoder")),
      ...(isOrder ? { pair: pair.init(rng.split("pairs")) } : {}),
      head: head.init(rng.split("head")),
    });
    const logitsOf = (params: Traced<ReturnType<typeof init>>, clips: readonly Inputs[]): Array => {
      const each = np.split(encoder.apply(params.encoder, concatenateInputs(clips)), count, 0);
      if (!params.pair) return head.apply(params.head, np.concatenate(each, 1));
      const ofPair = params.pair;
      const read = pairs.map(([first, second]) =>
        relu(pair.apply(ofPair, np.concatenate([each[first]!, each[second]!], 1))),
      );
      return head.apply(params.head, dropout(np.concatenate(read, 1), headDropout));
    };
    return {
      views(sample, rng) {
        const { shown, label } = draw(rng);
        const cuts = modality.segments(sample, rng, cut);
        return { clips: shown.map((at) => modality.tensors(cuts[at]!.segment)), label: int32([label], []) };
      },
      init: (rng) => init(rng),
      loss(params, { clips, label }) {
        const logits = logitsOf(params, clips);
        return { loss: crossEntropy(logits, label), metrics: { accuracy: accuracy(logits, label) } };
      },
    };
  },
});
