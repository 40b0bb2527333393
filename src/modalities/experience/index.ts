import { modality } from "../../data/modality.ts";
import { drawing } from "../../data/picture.ts";
import { augment, crop, normalization, perturb } from "../../data/views.ts";
import { nearby, outcome, transition } from "./abilities.ts";
import { arrangeExperience } from "./arrange.ts";
import { buildExperience } from "./build.ts";
import { givenFrame } from "./given.ts";
import { encoderOfObservations, inferExperience } from "./infer.ts";
import { learnExperience } from "./learn.ts";
import { openExperience, recognisesExperience, reopenExperience } from "./open.ts";
import { ExperienceOptions } from "./options.ts";
import { isSeen } from "./sample.ts";

/** Episodes of trial and error: what was seen, done, and came of it. */
export const experience = modality({
  name: "experience",
  summary: "episodes of robots and agents: a folder in LeRobotDataset v3.0's layout, as `collect` writes it",
  options: ExperienceOptions,
  defaultMethod: "inverse-dynamics",
  defaultEncoder: "resnet",
  encoderFor: encoderOfObservations,
  small: {
    summary: "a ResNet-10 of width 24 for images, an MLP of 3 layers for numbers",
    encoderOptions: {
      resnet: { layers: "10", width: 24, stem: "stride2" },
      vit: { width: 128, depth: 4, heads: 4, patchSize: 8, dropPath: 0 },
      mlp: { width: 128, depth: 3 },
    },
  },
  abilities: [augment, crop, perturb, normalization, drawing, transition, outcome, nearby],
  inputs: { pixels: 3, values: 1, codes: 1 },
  recognises: recognisesExperience,
  open: openExperience,
  reopen: reopenExperience,
  infer: inferExperience,
  learn: learnExperience,
  arrange: arrangeExperience,
  build: buildExperience,
  accepts: { bytes: givenFrame, types: ["image/*", "application/json"] },
  group: async (source, index) => source.group?.(index) ?? source.name(index),
  size(sample) {
    if (isSeen(sample)) return { amount: Object.values(sample.seen)[0]?.data.length ?? 1, unit: "values" };
    const [image] = sample.store.images;
    if (!image) return { amount: sample.store.width, unit: "values" };
    return { amount: image.width * image.height, unit: "pixels", text: `${image.width} × ${image.height}` };
  },
  async baseline(built) {
    const { rawValues } = await import("../../evaluation/worth/features.ts");
    return rawValues(built, "raw observations");
  },
  async publish() {
    return (await import("./publish.ts")).experiencePublisher;
  },
});
