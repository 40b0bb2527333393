import { modality } from "../../data/modality.ts";
import { drawing } from "../../data/picture.ts";
import { masks } from "../../data/targets/masks.ts";
import { augment, crop, normalization, perturb } from "../../data/views.ts";
import { hasImageName } from "../../pixels/decode/formats.ts";
import { lab, region, rotate, tiles } from "./abilities.ts";
import { buildImages } from "./build.ts";
import { inferImages } from "./infer.ts";
import { givenImage, openImages, recognisesImages, reopenImages } from "./open.ts";
import { ImageOptions } from "./options.ts";

/** Folders, archives and arrays of images. */
export const image = modality({
  name: "image",
  summary: "images: folder, .zip, Parquet, IDX (.gz), CIFAR binary",
  options: ImageOptions,
  defaultMethod: "simclr",
  defaultEncoder: "resnet",
  small: {
    summary: "a ResNet-10 of width 24 or a ViT of 4 blocks",
    encoderOptions: {
      resnet: { layers: "10", width: 24, stem: "stride2" },
      vit: { width: 192, depth: 4, heads: 3, patchSize: 4, dropPath: 0 },
    },
    // Crops that leave a small image recognisable, and SimCLR's colour jitter for CIFAR-10.
    views: { cropScale: [0.25, 1], jitter: 0.5, saturation: 1 },
  },
  abilities: [augment, crop, perturb, normalization, drawing, masks, rotate, tiles, region, lab],
  inputs: { pixels: 3 },
  recognises: recognisesImages,
  open: openImages,
  reopen: reopenImages,
  infer: inferImages,
  accepts: { bytes: givenImage, types: ["image/*"], named: hasImageName },
  /** Probabilities per view, as BYOL's, belong to the other run's method and are not inherited. */
  inherit: ({ blur, solarize, ...kept }) => ({
    ...kept,
    ...(typeof blur === "number" ? { blur } : {}),
    ...(typeof solarize === "number" ? { solarize } : {}),
  }),
  async baseline(modality) {
    const { rawValues } = await import("../../evaluation/worth/features.ts");
    return rawValues(modality, "raw pixels");
  },
  async publish() {
    return (await import("./publish/index.ts")).imagePublisher;
  },
  size: ({ width, height }) => ({ amount: width * height, unit: "pixels", text: `${width} × ${height}` }),
  build: buildImages,
});
