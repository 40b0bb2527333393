import { modality } from "../../data/modality.ts";
import { drawing } from "../../data/picture.ts";
import { distortions, reverse, segments, speed } from "../../data/time.ts";
import { augment, crop, normalization, perturb } from "../../data/views.ts";
import { buildVideo, inWords } from "./build.ts";
import { inferVideo } from "./infer.ts";
import { cutVideo, givenVideo, openVideo, recognisesVideo, reopenVideo } from "./open.ts";
import { VideoOptions } from "./options.ts";
import { wholeOf } from "./sources/clips.ts";

/** Clips of any length, size and rate. */
export const video = modality({
  name: "video",
  summary: "clips: folder or .zip of animated GIF and WebP, folders of frames; MP4, WebM, AVI, MKV, MOV with ffmpeg",
  options: VideoOptions,
  defaultMethod: "mae",
  defaultEncoder: "vit",
  small: {
    summary: "a ViT of 4 blocks or a 3-D ResNet-10 of width 16",
    encoderOptions: {
      resnet: { layers: "10", width: 16, stem: "stride2" },
      vit: { width: 192, depth: 4, heads: 3, dropPath: 0 },
    },
  },
  abilities: [augment, crop, perturb, normalization, drawing, segments, reverse, speed, distortions],
  inputs: { pixels: 4 },
  recognises: recognisesVideo,
  open: openVideo,
  reopen: reopenVideo,
  infer: inferVideo,
  cut: cutVideo,
  build: buildVideo,
  accepts: { bytes: givenVideo, types: ["video/*", "image/gif", "image/webp"] },
  group: async (source, index) => wholeOf(source.name(index)),
  size(clip) {
    const seconds = clip.original?.seconds ?? clip.frames / clip.rate;
    return { amount: seconds, unit: "s", text: inWords(clip) };
  },
  async publish() {
    return (await import("./publish/index.ts")).videoPublisher;
  },
  async baseline(built) {
    return (await import("./baseline.ts")).meanFrameBaseline(built);
  },
});
