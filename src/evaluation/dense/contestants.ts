import { sizeOf } from "../../array/index.ts";
import { type Modality, offerOf, type Source } from "../../data/index.ts";
import { tokens } from "../../encoders/abilities.ts";
import { batchFor } from "../../training/features.ts";
import type { Run } from "../../training/run/run.ts";
import { untrainedParams } from "../../training/untrained.ts";
import { contestantNames } from "../worth/names.ts";
import { type CellEmbedder, encodedCells, rawCells } from "./cell-features.ts";

/** A way to make features of patches. */
export interface PatchContestant {
  readonly role: "pretrained" | "untrained" | "baseline";
  readonly name: string;
  open(): Promise<CellEmbedder>;
}

/** Most images that are embedded at once, and most scores of one attention head among them. */
const [MOST_IMAGES, MOST_SCORES] = [32, 2 ** 28];

/** Images that are embedded at once: fewer of larger ones. */
export function imagesAtOnce({ encoder, modality: trained }: Run, modality: Modality<unknown>): number {
  const size = ({ specs }: Modality<unknown>) =>
    Object.values(specs).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const positions = ((offerOf(encoder, tokens)?.count ?? 0) * size(modality)) / size(trained);
  const most = Math.min(MOST_IMAGES, batchFor(modality), MOST_SCORES / Math.max(1, positions) ** 2);
  return Math.max(1, Math.floor(most));
}

/**
 * The run's encoder, the same untrained, and no encoder.
 * @param modality what is read, perhaps larger than in training
 * @param source where the untrained encoder's statistics come from
 */
export async function patchContestants(
  run: Run,
  modality: Modality<unknown>,
  source: Source<unknown>,
): Promise<PatchContestant[]> {
  const { encoder, params, config } = run;
  const { device, seed } = config.training;
  const options = { trained: run.modality, batchSize: imagesAtOnce(run, modality), device };
  const untrained = await untrainedParams(config, source, seed + 1);
  const open = (weights: Run["params"]) => () => encodedCells(encoder, weights, modality, options);
  const ofRun = await open(params)();
  const { grid } = ofRun;
  return [
    { role: "pretrained", name: contestantNames.pretrained, open: async () => ofRun },
    { role: "untrained", name: contestantNames.untrained, open: open(untrained) },
    { role: "baseline", name: "colours and place of a patch", open: async () => rawCells(modality, grid) },
  ];
}
