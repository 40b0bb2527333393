import type { CommandTable } from "./table.ts";

/** The commands that work on every kind of data: one line each. Nothing is loaded until one is asked for. */
export const commands: CommandTable = {
  "Learn:": {
    pretrain: {
      summary: "learn a representation from data without labels",
      load: () => import("./commands/pretrain.ts"),
    },
    finetune: {
      summary: "train a pretrained encoder on labels: a linear head first, then all of it; the best epoch is kept",
      load: () => import("./commands/finetune.ts"),
    },
    methods: {
      summary: "list the methods: family, what they need of data and encoder, paper, and one line each",
      load: () => import("./commands/methods.ts"),
    },
  },
  "Measure:": {
    evaluate: {
      summary: "measure a representation by kNN and linear probe, beside its baselines",
      load: () => import("./commands/evaluate.ts"),
    },
    report: {
      summary: "accuracy against the number of labels, beside training from scratch, on one page",
      load: () => import("./commands/report.ts"),
    },
    "few-shot": {
      summary: "measure a representation by a few examples a class: nearest centroid, over many small episodes",
      load: () => import("./commands/few-shot.ts"),
    },
    look: {
      summary: "draw what a run has learned: reconstructions, views, neighbours, attention, prototypes",
      load: () => import("./commands/look.ts"),
    },
  },
  "Use:": {
    embed: {
      summary: "write the vector of every sample to a Parquet file",
      load: () => import("./commands/embed.ts"),
    },
    search: {
      summary: "find the embedded samples that are nearest to one sample",
      load: () => import("./commands/search.ts"),
    },
    predict: {
      summary: "write the predictions of a fine-tuned run for every sample to a CSV or Parquet file",
      load: () => import("./commands/predict.ts"),
    },
    serve: {
      summary: "answer over HTTP: vectors, predictions and nearest neighbours",
      load: () => import("./commands/serve.ts"),
    },
  },
  "Look after data and labels:": {
    info: {
      summary: "show what is in a run folder or in data: counts, sizes, labels, broken files",
      load: () => import("./commands/info.ts"),
    },
    suggest: {
      summary: "choose which samples to label next",
      load: () => import("./commands/suggest.ts"),
    },
    duplicates: {
      summary: "find near-duplicates and outliers in data",
      load: () => import("./commands/duplicates.ts"),
    },
  },
  "Ship:": {
    export: {
      summary: "write a model that other programs load: ONNX, safetensors, Hugging Face's configuration, a model card",
      load: () => import("./commands/export.ts"),
    },
    quantize: {
      summary: "export a model in int8, a quarter of the size, beside the one in float32, and measure both",
      load: () => import("./commands/quantize.ts"),
    },
    distill: {
      summary: "train a small encoder to give the vectors of a finished run's encoder, and measure both",
      load: () => import("./commands/distill.ts"),
    },
    prune: {
      summary: "make an encoder smaller by leaving out heads, hidden units or channels, and measure both",
      load: () => import("./commands/prune.ts"),
    },
  },
};
