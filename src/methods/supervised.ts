import * as z from "zod";
import { int32 } from "../array/index.ts";
import { perturb } from "../data/views.ts";
import { linear } from "../layers/linear.ts";
import { supCon } from "../objectives/supervised/sup-con.ts";
import { method } from "./method.ts";
import { labelOptions, targetsOf } from "./parts/labels.ts";

/**
 * Learning from labels, as fine-tuning does: a linear head on the encoder, weakly augmented samples, and the loss that
 * suits the labels: softmax cross-entropy, binary cross-entropy per label, squared error, or for similarity the supervised
 * contrastive loss of two views without a head (Khosla et al. 2020, https://arxiv.org/abs/2004.11362; there with a
 * projector, here on the representation itself, which search uses afterwards). Samples without a label have weight 0, so
 * that other tasks can be trained on them at the same time.
 */
export const supervised = method({
  name: "supervised",
  family: "supervised",
  paper: "https://arxiv.org/abs/1910.04867",
  summary: "predict classes, labels, values or similarity from labelled samples; used by finetune",
  needs: [perturb],
  options: labelOptions.extend({
    temperature: z.number().positive().default(0.07).describe("similarity: temperature; lower is sharper"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 0.05, batchSize: 128 },
  // Labels are of texts, not of windows over several.
  modalityOptions: { pack: false },

  build({ encoder, modality, options }) {
    const { answers, of, loss, natural, naturalHead } = targetsOf(options);
    const isSimilarity = answers.task === "similarity";
    const head = linear(encoder.embedDim, Math.max(1, answers.outputs.length));
    return {
      views(sample, rng, { label }) {
        const view = () => modality.tensors(modality.perturb(sample, rng));
        return { views: isSimilarity ? [view(), view()] : [view()], target: of(label), label: int32([label], []) };
      },
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        ...(isSimilarity ? {} : { head: head.init(rng.split("head")) }),
      }),
      loss(params, { views, target, label }) {
        const [first, second] = views.map((view) => encoder.apply(params.encoder, view));
        if (second) return { loss: supCon(first!, second, label, { temperature: options.temperature }) };
        return loss(head.apply(params.head!, first!), target);
      },
      answers,
      ...(isSimilarity
        ? {}
        : {
            predict: (params, inputs) => natural(head.apply(params.head!, encoder.apply(params.encoder, inputs))),
            linearHead: (params) => naturalHead(params.head!),
          }),
    };
  },
});
