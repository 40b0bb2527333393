import type { CommandTable } from "./table.ts";

/** The commands that work on every kind of data: one line each. A command is loaded when it is called. */
export const commands: CommandTable = {
  "Train:": {
    pretrain: {
      summary: "learn a representation from data without labels",
      load: () => import("./commands/pretrain.ts"),
    },
    finetune: {
      summary: "fine-tune a pretrained encoder on labels: linear head first, then all weights; keeps the best epoch",
      load: () => import("./commands/finetune.ts"),
    },
    learn: {
      summary: "learn to act in an environment by reinforcement, with self-supervision beside the reward",
      load: () => import("./commands/learn.ts"),
    },
    methods: {
      summary: "list the methods with family, requirements, paper and a one-line summary",
      load: () => import("./commands/methods.ts"),
    },
  },
  "Evaluate:": {
    evaluate: {
      summary: "evaluate a representation by kNN and linear probe, next to its baselines",
      load: () => import("./commands/evaluate.ts"),
    },
    report: {
      summary: "plot accuracy against the number of labels, next to training from scratch, on one page",
      load: () => import("./commands/report.ts"),
    },
    "few-shot": {
      summary: "evaluate a representation from a few examples per class: nearest centroid, over many episodes",
      load: () => import("./commands/few-shot.ts"),
    },
    look: {
      summary: "draw what a run has learned: reconstructions, views, neighbours, attention, prototypes",
      load: () => import("./commands/look.ts"),
    },
  },
  "Use:": {
    embed: {
      summary: "write the embedding of every sample to a Parquet file",
      load: () => import("./commands/embed.ts"),
    },
    search: {
      summary: "find the embedded samples nearest to a query sample",
      load: () => import("./commands/search.ts"),
    },
    classify: {
      summary: "classify samples by the words for each class, without training (runs on pairs)",
      load: () => import("./commands/classify.ts"),
    },
    predict: {
      summary: "write the predictions of a fine-tuned run for every sample to a CSV or Parquet file",
      load: () => import("./commands/predict.ts"),
    },
    serve: {
      summary: "serve embeddings, predictions and nearest neighbours over HTTP",
      load: () => import("./commands/serve.ts"),
    },
  },
  "Act:": {
    environments: {
      summary: "list the environments; with a name, its spaces, options, baselines and measures",
      load: () => import("./commands/act/environments.ts"),
    },
    act: {
      summary: "act with a run in an environment: success beside chance and hand-written controllers, a film",
      load: () => import("../modalities/experience/commands/act.ts"),
    },
    collect: {
      summary: "record attempts at an environment's task, in threads: trial and error to learn from",
      load: () => import("../modalities/experience/commands/collect.ts"),
    },
  },
  "Inspect data and labels:": {
    info: {
      summary: "summarise a run folder or data: counts, sizes, labels, broken files",
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
  "Export and compress:": {
    export: {
      summary: "export a model for other programs: ONNX, safetensors, Hugging Face configuration, model card",
      load: () => import("./commands/export.ts"),
    },
    quantize: {
      summary: "export an int8 model, a quarter of the size, along with the float32 one, and compare them",
      load: () => import("./commands/quantize.ts"),
    },
    distill: {
      summary: "train a small encoder to reproduce the embeddings of a finished run, and compare them",
      load: () => import("./commands/distill.ts"),
    },
    prune: {
      summary: "remove attention heads, hidden units or channels from an encoder, and compare before and after",
      load: () => import("./commands/prune.ts"),
    },
  },
};
