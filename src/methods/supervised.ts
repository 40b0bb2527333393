import * as z from "zod";
import { type Array, int32, np, type Rng } from "../array/index.ts";
import { offerOf } from "../data/ability.ts";
import type { Modality } from "../data/modality.ts";
import { units as unitsAbility } from "../data/tokens/units.ts";
import { augment, perturb, type Sample } from "../data/views.ts";
import { tokens as tokensAbility } from "../encoders/abilities.ts";
import type { Encoder, Inputs, Params } from "../encoders/encoder.ts";
import { UserError } from "../foundation/errors.ts";
import { linear } from "../layers/linear.ts";
import { supCon } from "../objectives/supervised/sup-con.ts";
import { method } from "./method.ts";
import { labelOptions, targetsOf } from "./parts/labels.ts";
import { mixer, mixOptions } from "./parts/mixing.ts";

/**
 * Learning from labels, as fine-tuning does: a linear head on the encoder, weakly augmented samples, and the loss that
 * suits the labels: softmax cross-entropy (of the sample, or of each of its tokens), binary cross-entropy per label, squared
 * error, or for similarity the supervised contrastive loss of two views without a head (Khosla et al. 2020, https://arxiv.org/abs/2004.11362; there with a
 * projector, here on the representation itself, which search uses afterwards). Samples without a label have weight 0, so
 * that other tasks can be trained on them at the same time. Mixup and CutMix mix samples and their targets, see `mixer`.
 */
export const supervised = method({
  name: "supervised",
  family: "supervised",
  paper: "https://arxiv.org/abs/1910.04867",
  summary: "predict classes, labels, values or similarity from labelled samples; used by finetune",
  needs: [perturb],
  options: labelOptions.extend({
    temperature: z.number().positive().default(0.07).describe("similarity: temperature; lower is sharper"),
    strongViews: z
      .boolean()
      .default(false)
      .describe("learn from strongly augmented views, as contrastive methods do; of images e.g. by RandAugment"),
    ...mixOptions,
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 0.05, batchSize: 128 },
  // Labels are of texts, not of windows over several.
  modalityOptions: { pack: false },

  build({ encoder, modality, options }) {
    const { answers, of, ofUnits, loss, natural, naturalHead } = targetsOf(options);
    const isSimilarity = answers.task === "similarity";
    const perToken = answers.task === "token-classification" ? tokensOf(encoder, modality) : undefined;
    const strong = options.strongViews ? strongViewsOf(modality) : undefined;
    const mixing = mixer(modality, options);
    if (mixing && (isSimilarity || perToken))
      throw new UserError(
        `mixup and cutmix mix the labels of samples; --task ${answers.task} has none that can be mixed`,
      );
    const viewOf = (sample: Sample, rng: Rng) => (strong ? strong(sample, rng) : modality.perturb(sample, rng));
    const head = linear(perToken?.width ?? encoder.embedDim, Math.max(1, answers.outputs.length));
    const vectors = (params: Params, inputs: Inputs) =>
      perToken ? perToken.vectors(params, inputs) : encoder.apply(params, inputs);
    return {
      views(sample, rng, { label }) {
        const view = viewOf(sample, rng);
        const tensors = modality.tensors(view);
        const second = isSimilarity ? [modality.tensors(viewOf(sample, rng))] : [];
        const target = perToken ? ofUnits(label, perToken.units(tensors, view)) : of(label);
        const mix = mixing ? [mixing.draw(rng.split("mix"))] : [];
        return { views: [tensors, ...second], target, label: int32([label], []), mix };
      },
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        ...(isSimilarity ? {} : { head: head.init(rng.split("head")) }),
      }),
      loss(params, { views, target, label, mix: mixes = [] }) {
        const [mix] = mixes;
        if (mixing && mix) {
          const features = vectors(params.encoder, mixing.mix(views[0]!, mix));
          const { outputs, ...both } = mixing.twice(head.apply(params.head!, features), target, mix.label);
          // No accuracy: a mixed sample has two labels.
          return { loss: loss(outputs, both).loss };
        }
        const [first, second] = views.map((view) => vectors(params.encoder, view));
        if (second) return { loss: supCon(first!, second, label, { temperature: options.temperature }) };
        return loss(head.apply(params.head!, first!), target);
      },
      answers,
      ...(perToken ? { places: perToken.count } : {}),
      ...(isSimilarity
        ? {}
        : {
            predict: (params, inputs) => natural(head.apply(params.head!, vectors(params.encoder, inputs))),
            linearHead: (params) => naturalHead(params.head!),
          }),
    };
  },
});

/** Strongly augmented views. @throws UserError for data that have none */
function strongViewsOf(modality: Modality): (sample: Sample, rng: Rng) => Sample {
  const views = offerOf(modality, augment);
  if (!views) throw new UserError(`--strong-views: ${modality.name} data have no strongly augmented views`);
  return views;
}

/** The encoder's tokens, and the units that they stand for. @throws UserError when there are none */
function tokensOf(encoder: Encoder, modality: Modality) {
  const [tokens, units] = [offerOf(encoder, tokensAbility), offerOf(modality, unitsAbility)];
  if (!units) throw new UserError(`labels of tokens: ${modality.name} data have no units that they could be of`);
  if (!tokens) throw new UserError(`labels of tokens: encoder ${encoder.name} has no tokens`);
  const { count, prefix, width, encode } = tokens;
  return {
    ...{ count, width, units },
    /** `[batch, count, width]` */
    vectors(params: Params, inputs: Inputs): Array {
      const all = encode(params, inputs);
      return prefix === 0 ? all : np.split(all, [prefix], 1)[1]!;
    },
  };
}
