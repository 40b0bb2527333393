import { modality } from "../../data/modality.ts";
import { drawing } from "../../data/picture.ts";
import { distortions, reverse, segments, speed } from "../../data/time.ts";
import { among, augment, crop, normalization, perturb } from "../../data/views.ts";
import { hearing } from "./abilities.ts";
import { buildAudio } from "./build.ts";
import { inferAudio } from "./infer.ts";
import { learnStatistics, statisticsOf } from "./learn.ts";
import { cutAudio, givenAudio, openAudio, recognisesAudio, reopenAudio } from "./open.ts";
import { AudioOptions } from "./options.ts";
import { recordingOf } from "./sources/recordings.ts";

/** Recordings of any length and rate. */
export const audio = modality({
  name: "audio",
  summary: "recordings: folder or .zip of WAV, FLAC, MP3, Ogg, Opus, AIFF",
  options: AudioOptions,
  defaultMethod: "simclr",
  defaultEncoder: "resnet",
  small: {
    summary: "a ResNet-10 of width 24 or a ViT of 4 blocks",
    encoderOptions: {
      resnet: { layers: "10", width: 24, stem: "stride2" },
      vit: { width: 192, depth: 4, heads: 3, patchSize: 8, dropPath: 0 },
    },
  },
  abilities: [among, augment, crop, perturb, normalization, drawing, segments, reverse, speed, distortions, hearing],
  inputs: { spectrogram: 3, wave: 2 },
  recognises: recognisesAudio,
  open: openAudio,
  reopen: reopenAudio,
  infer: inferAudio,
  cut: cutAudio,
  learn: learnStatistics,
  build: buildAudio,
  accepts: { bytes: givenAudio, types: ["audio/*"] },
  /** The other run's statistics belong to its encoder's weights. */
  inherit: (options, files) => ({ ...options, ...statisticsOf(options, files) }),
  group: async (source, index) => recordingOf(source.name(index)),
  size: ({ wave, rate }) => ({
    amount: wave.length / rate,
    unit: "s",
    text: `${(wave.length / rate).toFixed(2)} s at ${rate.toLocaleString("en")} Hz`,
  }),
  async publish() {
    return (await import("./publish/index.ts")).audioPublisher;
  },
  async baseline(built) {
    return (await import("./baseline.ts")).logMelBaseline(built);
  },
});
