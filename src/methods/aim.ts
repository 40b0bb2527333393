import * as z from "zod";
import { type Array, constant, filled, float32, int32, np, type Rng, type Traced } from "../array/index.ts";
import { perturb } from "../data/views.ts";
import { patches } from "../encoders/abilities.ts";
import type { Inputs } from "../encoders/encoder.ts";
import * as bounds from "../foundation/bounds.ts";
import { UserError } from "../foundation/errors.ts";
import { gelu } from "../layers/functions/gelu.ts";
import type { ParamsOf } from "../layers/layer.ts";
import { linear } from "../layers/linear.ts";
import { layerNorm } from "../layers/norms/layer-norm.ts";
import { sinCosPositions } from "../layers/transformer/positions.ts";
import {
  maskedReconstruction,
  normalizePatches,
  patchMoments,
} from "../objectives/restoration/masked-reconstruction.ts";
import { method } from "./method.ts";
import { withPatches } from "./parts/pictures.ts";
import { smallMasked } from "./parts/presets.ts";

/** Most patches that `look` completes, each by a pass through the encoder. */
const MOST_COMPLETED = 64;

/**
 * AIM: an autoregressive model of patches in raster order; each is predicted from those before it. Attention within a
 * prefix of random length is bidirectional, so that the encoder can be used without a mask afterwards.
 * El-Nouby et al. 2024, https://arxiv.org/abs/2401.08541. Its code (https://github.com/apple/ml-aim) has no training.
 * Differs from the paper: linear layers keep their biases.
 * Not compared with its appendix: the warm-up (a tenth, at most 10 epochs) and the weight decay.
 */
export const aim = method({
  name: "aim",
  family: "generative",
  paper: "https://arxiv.org/abs/2401.08541",
  summary: "predict the pixels of each patch from the patches before it",
  needs: [perturb, patches],
  options: z.object({
    headWidth: bounds.width().multipleOf(4).default(2048).describe("width of the prediction head"),
    headDepth: z.int().nonnegative().max(512).default(12).describe("residual MLP blocks of the prediction head"),
    normalizeTarget: z.boolean().default(true).describe("normalise each target patch by its own mean and deviation"),
  }),
  recipe: {
    ...{ optimizer: "adamw", baseLearningRate: 6.25e-5, weightDecay: 0.05, beta2: 0.95, batchSize: 4096 },
    gradientClip: 1,
  },
  modalityOptions: { cropScale: [0.4, 1] },
  presets: {
    small: {
      summary: "a head of 2 blocks; batches of 128",
      ...smallMasked,
      options: { headWidth: 192, headDepth: 2 },
    },
  },
  defaultEncoder: "vit",

  build({ encoder, modality, options }) {
    const { patches: tokens } = encoder;
    const { count, grid, patchDim, prefix: classTokens } = tokens;
    if (classTokens) throw new UserError("aim: a class token has no position in the sequence; use --pooling mean");
    if (count < 2) throw new UserError("aim: an input of a single patch has no next one; use a smaller patch size");
    const head = predictionHead(tokens.width, options.headWidth, options.headDepth, patchDim);
    const init = (rng: Rng) => ({ encoder: encoder.init(rng.split("encoder")), head: head.init(rng.split("head")) });
    const positions = () => np.arange(count);
    const causalBias = Float32Array.from({ length: count * count }, (_, at) => (at % count > at / count ? -1e9 : 0));

    /** For each patch a prediction of the next, `[batch, count, patchDim]`. @param prefix int32 `[batch, 1]` */
    const predictNext = (params: Traced<ReturnType<typeof init>>, image: Inputs, prefix: Array): Array => {
      const inPrefix = np.less(np.reshape(positions(), [1, 1, 1, count]), np.reshape(prefix, [-1, 1, 1, 1]));
      const attentionBias = np.where(inPrefix, 0, constant(float32(causalBias, [count, count])));
      const encoded = tokens.encode(params.encoder, image, { attentionBias });
      return head.apply(params.head, encoded, constant(sinCosPositions(grid, options.headWidth)));
    };

    return {
      views: (sample, rng) => ({
        image: modality.tensors(modality.perturb(sample, rng)),
        prefix: int32([rng.integer(1, count - 1)], [1]),
      }),
      init: (rng) => init(rng),
      loss(params, { image, prefix }) {
        const [prediction] = np.split(predictNext(params, image, prefix), [count - 1], 1);
        const [, patches] = np.split(tokens.patchify(image), [1], 1);
        const target = options.normalizeTarget ? normalizePatches(patches!) : patches!;
        const isPredicted = np.where(np.greaterEqual(np.arange(1, count), prefix), 1, 0);
        return { loss: maskedReconstruction(prediction!, target, isPredicted) };
      },
      look(params, { image, prefix }) {
        // Completes whole rows of the last axis, at most half of them; a series patch by patch.
        const row = grid.length > 1 ? grid.at(-1)! : 1;
        const visible = count - row * Math.min(Math.floor(count / row / 2), Math.floor(MOST_COMPLETED / row));
        const patches = tokens.patchify(image);
        const [batch] = patches.shape as [number];
        let [completed] = np.split(patches, [visible], 1);
        for (let at = visible; at < count; at++) {
          const blank = constant(filled([batch, count - at, patchDim], 0));
          const partial = { [tokens.input]: tokens.unpatchify(np.concatenate([completed!, blank], 1)) };
          const length = np.add(np.multiply(prefix, 0), visible);
          const [, prediction] = np.split(predictNext(params, partial, length), [at - 1, at], 1);
          // A normalised prediction has no mean and deviation of its own: it takes those of the patch one row before.
          const [, before] = np.split(completed!, [at - row, at - row + 1], 1);
          const { mean, deviation } = patchMoments(before!);
          const patch = options.normalizeTarget ? np.add(np.multiply(prediction!, deviation), mean) : prediction!;
          completed = np.concatenate([completed!, patch], 1);
        }
        const isHidden = np.where(np.greaterEqual(positions(), visible), 1, 0);
        const mask = np.broadcastTo(isHidden, [batch, count]);
        return { visible: withPatches(tokens, image, mask, 0), completed: tokens.unpatchify(completed!) };
      },
    };
  },
});

/** Residual MLP blocks on each patch alone: they take over what only serves the prediction of pixels. */
function predictionHead(input: number, width: number, depth: number, output: number) {
  const block = { norm: layerNorm(width), up: linear(width, 4 * width), down: linear(4 * width, width) };
  const layers = { project: linear(input, width), norm: layerNorm(width), predict: linear(width, output) };
  const init = (rng: Rng) => ({
    project: layers.project.init(rng.split("project")),
    blocks: globalThis.Array.from({ length: depth }, (_, index) => ({
      norm: block.norm.init(),
      up: block.up.init(rng.split("up", index)),
      down: block.down.init(rng.split("down", index)),
    })),
    norm: layers.norm.init(),
    predict: layers.predict.init(rng.split("predict")),
  });
  return {
    init,
    apply(params: Traced<ParamsOf<{ init: typeof init }>>, tokens: Array, positions: Array): Array {
      const start = np.add(layers.project.apply(params.project, tokens), positions);
      const raised = params.blocks.reduce((x, { norm, up, down }) => {
        const hidden = gelu(block.up.apply(up, block.norm.apply(norm, x)));
        return np.add(x, block.down.apply(down, hidden));
      }, start);
      return layers.predict.apply(params.predict, layers.norm.apply(params.norm, raised));
    },
  };
}
