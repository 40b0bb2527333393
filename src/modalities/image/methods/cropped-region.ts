import * as z from "zod";
import { type Array, constant, float32, nn, np, type Rng, type Traced } from "../../../array/index.ts";
import { offerOf } from "../../../data/ability.ts";
import { patchSide } from "../../../data/patch-side.ts";
import { perturb } from "../../../data/views.ts";
import { patches } from "../../../encoders/abilities.ts";
import * as bounds from "../../../foundation/bounds.ts";
import { UserError } from "../../../foundation/errors.ts";
import { mlp } from "../../../layers/heads/mlp.ts";
import { linear } from "../../../layers/linear.ts";
import { layerNorm } from "../../../layers/norms/layer-norm.ts";
import { sinCosPositions } from "../../../layers/transformer/positions.ts";
import { method } from "../../../methods/method.ts";
import { boxLoss, meanIou } from "../../../objectives/predictive/boxes.ts";
import { region } from "../abilities.ts";
import { featureMap, pixelShape } from "../feature-map.ts";

/**
 * Cropped-region prediction: predict where in an image a crop of it lies.
 * The "random query patch detection" of UP-DETR, Dai et al. 2020, https://arxiv.org/abs/2011.09094, with the box loss of
 * DETR, Carion et al. 2020, https://arxiv.org/abs/2005.12872. The crop's representation is the query of a cross-attention
 * to the image's feature map (`hidden`), and a small network predicts the box.
 *
 * Differs from the paper, which pre-trains a detector on a frozen, pre-trained encoder: here the encoder itself is trained
 * from scratch; one crop per image, so neither matching nor "no object"; a single cross-attention instead of DETR's
 * Transformer; no reconstruction of the crop's features, which there preserves the encoder's; BatchNorm in the box network;
 * the crop's area and aspect are drawn, there its height and width.
 */
export const croppedRegion = method({
  name: "cropped-region",
  family: "predictive",
  paper: "https://arxiv.org/abs/2011.09094",
  summary: "predict where in an image a crop of it lies",
  needs: [perturb, region],
  options: z.object({
    side: z.number().gt(0).max(1).default(0.5).describe("side that the crop is resized to, over the image's"),
    scale: z
      .tuple([z.number().gt(0).max(1), z.number().gt(0).max(1)])
      .default([0.05, 0.5])
      .describe("area of the crop, as a share of the image"),
    l1: z.number().nonnegative().default(5).describe("weight of the L1 distance between boxes"),
    giou: z.number().nonnegative().default(2).describe("weight of 1 − generalised IoU of the boxes"),
    attentionDim: bounds.width().default(256).describe("width of the attention"),
    heads: bounds.width().default(8).describe("attention heads"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-4, weightDecay: 1e-4, batchSize: 256 },
  presets: {
    small: {
      summary: "an attention width of 128; batches of 64",
      options: { attentionDim: 128, heads: 4 },
      modalityOptions: { cropScale: [0.5, 1] },
      training: { optimizer: "adamw", batchSize: 64, learningRate: 2e-3 },
    },
  },

  build({ encoder, modality, options: { side, scale, l1, giou, attentionDim, heads } }) {
    if (attentionDim % heads !== 0 || attentionDim % 4 !== 0)
      throw new UserError(
        `cropped-region: an attention width of ${attentionDim} is not a multiple of 4 and of its ${heads} heads`,
      );
    const map = featureMap(encoder, "cropped-region");
    const [channels, rows, columns] = map.shape;
    const multipleOf = patchSide(pixelShape(modality.specs, "cropped-region")[1], offerOf(encoder, patches)?.grid);
    const layers = {
      query: linear(encoder.embedDim, attentionDim),
      picture: linear(channels, attentionDim),
      key: linear(attentionDim, attentionDim),
      value: linear(attentionDim, attentionDim),
      output: linear(attentionDim, attentionDim),
      norm: layerNorm(attentionDim),
      box: mlp([attentionDim, attentionDim, attentionDim, 4]),
    };
    const init = (rng: Rng) => ({
      encoder: encoder.init(rng.split("encoder")),
      query: layers.query.init(rng.split("query")),
      picture: layers.picture.init(rng.split("picture")),
      key: layers.key.init(rng.split("key")),
      value: layers.value.init(rng.split("value")),
      output: layers.output.init(rng.split("output")),
      norm: layers.norm.init(),
      box: layers.box.init(rng.split("box")),
    });
    /** Predicted boxes `[batch, 4]`: centre and size as shares of the image. */
    const locate = (params: Traced<ReturnType<typeof init>>, whole: Array, region: Array): Array => {
      const cells = np.reshape(map.apply(params.encoder, { pixels: whole }), [-1, channels, rows * columns]);
      const projected = layers.picture.apply(params.picture, np.transpose(cells, [0, 2, 1]));
      const placed = np.add(projected, constant(sinCosPositions([rows, columns], attentionDim)));
      const query = layers.query.apply(params.query, encoder.apply(params.encoder, { pixels: region }));
      const perHead = (x: Array) =>
        np.transpose(np.reshape(x, [query.shape[0]!, -1, heads, attentionDim / heads]), [0, 2, 1, 3]);
      const keys = perHead(layers.key.apply(params.key, placed));
      const scores = np.matmul(
        perHead(np.multiply(query, (attentionDim / heads) ** -0.5)),
        np.transpose(keys, [0, 1, 3, 2]),
      );
      const mixed = np.matmul(nn.softmax(scores, -1), perHead(layers.value.apply(params.value, placed)));
      const attended = layers.output.apply(params.output, np.reshape(mixed, [-1, attentionDim]));
      return nn.sigmoid(layers.box.apply(params.box, layers.norm.apply(params.norm, np.add(query, attended))));
    };

    return {
      views(sample, rng) {
        const options = { side, scale, multipleOf };
        const { whole, region, box } = modality.region(modality.perturb(sample, rng), rng, options);
        const pixels = (view: unknown) => modality.tensors(view).pixels!;
        return { whole: pixels(whole), region: pixels(region), box: float32(box, [4]) };
      },
      init: (rng) => init(rng),
      loss(params, { whole, region, box }) {
        const located = locate(params, whole, region);
        return { loss: boxLoss(located, box, { l1, giou }), metrics: { iou: meanIou(located, box) } };
      },
      look(params, { whole, region, box }) {
        return { region, target: spotlight(whole, box), located: spotlight(whole, locate(params, whole, region)) };
      },
    };
  },
});

/** Images `[batch, channels, h, w]` with everything outside the box `[batch, 4]` faded to a third. */
function spotlight(images: Array, box: Array): Array {
  const [, , height, width] = images.shape as [number, number, number, number];
  const [x, y, across, down] = np.split(box, 4, 1) as [Array, Array, Array, Array];
  const within = (count: number, centre: Array, extent: Array): Array => {
    const middles = constant(
      float32(
        Float32Array.from({ length: count }, (_, at) => (at + 0.5) / count),
        [count],
      ),
    );
    return np.where(np.less(np.abs(np.subtract(middles, centre)), np.multiply(extent, 0.5)), 1, 0);
  };
  const inside = np.multiply(
    np.reshape(within(height, y, down), [-1, 1, height, 1]),
    np.reshape(within(width, x, across), [-1, 1, 1, width]),
  );
  return np.multiply(images, np.add(np.multiply(inside, 2 / 3), 1 / 3));
}
