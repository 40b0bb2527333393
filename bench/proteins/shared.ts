/** The pre-training that all benches of proteins start from. */
import { existsSync } from "node:fs";
import type { Run } from "../../src/training/run/run.ts";
import { trained } from "../methods/shared.ts";
import { uniprotParts, work } from "./data.ts";

/** Settings of every run; chosen by the perplexity of one seed on a part of the training proteins. */
export const recipe = {
  encoderOptions: { width: 192, depth: 4, heads: 6, norm: "pre", positions: "rotary" },
  modalityOptions: { maxLength: 256 },
  training: { batchSize: 32, learningRate: 2e-3, gradientClip: 1, warmupEpochs: 0.3 },
  epochs: 4,
} as const;

/** The run of a seed: trained, gone on with, or opened. Its steps are fixed, whatever else the machine does. */
export async function pretrained(seed: number, method = "bert"): Promise<{ run: Run; seconds: number }> {
  const { train } = await uniprotParts();
  const out = `${work}/${method}-${seed}`;
  return trained(
    {
      ...{ data: train, modality: "protein", method, encoder: "transformer" },
      encoderOptions: recipe.encoderOptions,
      modalityOptions: recipe.modalityOptions,
      training: { ...recipe.training, epochs: recipe.epochs, seed },
    },
    out,
    existsSync(`${out}/config.json`),
  );
}
