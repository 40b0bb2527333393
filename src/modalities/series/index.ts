import { modality } from "../../data/modality.ts";
import { drawing } from "../../data/picture.ts";
import { distortions, reverse, segments, speed } from "../../data/time.ts";
import { augment, crop, normalization, perturb } from "../../data/views.ts";
import { buildSeries } from "./build.ts";
import { cutSource, inferSeries } from "./infer.ts";
import { learnStatistics, statisticsOf } from "./learn.ts";
import { givenSeries, openSeries, recognisesSeries, reopenSeries } from "./open.ts";
import { SeriesOptions } from "./options.ts";

/** Readings of sensors, meters and machines over time: several channels, of any length, with gaps. */
export const series = modality({
  name: "series",
  summary:
    "series of readings over time: CSV, TSV, JSONL, Parquet, .ts and .arff of UCR and UEA, .npy, .npz, or a folder or zip of them",
  options: SeriesOptions,
  defaultMethod: "simclr",
  defaultEncoder: "vit",
  small: {
    summary: "a ViT of 4 blocks",
    encoderOptions: {
      vit: { width: 128, depth: 4, heads: 4, dropPath: 0 },
      wave: {
        convWidth: 64,
        width: 128,
        depth: 2,
        heads: 4,
        kernels: [7, 5, 3],
        strides: [2, 2, 2],
        positionKernel: 16,
      },
    },
  },
  abilities: [augment, crop, perturb, normalization, drawing, segments, reverse, speed, distortions],
  inputs: { series: 2, mask: 2 },
  recognises: recognisesSeries,
  open: openSeries,
  reopen: reopenSeries,
  infer: inferSeries,
  cut: cutSource,
  learn: learnStatistics,
  build: buildSeries,
  accepts: { bytes: givenSeries, types: ["text/csv", "text/tab-separated-values", "application/x-ndjson"] },
  /** The other run's statistics belong to its encoder's weights. */
  inherit: (options, files) =>
    options.normalize === "data" ? { ...options, ...statisticsOf(options, files) } : options,
  group: async (source, index) => source.group?.(index) ?? source.name(index),
  size: ({ length, channels }) => ({
    amount: length,
    unit: "steps",
    text: `${length.toLocaleString("en")} steps of ${channels.length} ${channels.length === 1 ? "channel" : "channels"}`,
  }),
  async baseline(built) {
    return (await import("./baseline.ts")).seriesBaseline(built);
  },
  async publish() {
    return (await import("./publish/index.ts")).seriesPublisher;
  },
});
