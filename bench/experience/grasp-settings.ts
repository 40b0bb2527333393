import { type PretrainOptions, pretrain } from "../../src/training/pretrain.ts";
import type { Run } from "../../src/training/run/run.ts";

/** The network of the bench and the demo: a ResNet-8 of width 16 on patches of 24 × 24 pixels. */
export const network = {
  encoder: "resnet",
  encoderOptions: { layers: "8", width: 16, stem: "stride2" },
} as const;

/** Steps of training, whatever the number of attempts. */
const STEPS = 800;
const BATCH = 64;

/** Learns from recorded attempts. Settings were chosen on scenes of seeds that no result is from. */
export async function trainGrasps(
  data: string,
  out: string,
  seed: number,
  { attempts, ...more }: { attempts: number } & Pick<PretrainOptions, "from" | "onProgress">,
): Promise<Run> {
  const batchSize = Math.min(BATCH, Math.ceil(attempts / 2));
  return pretrain({
    ...{ data, out, method: "grasp-outcome", ...network, ...more },
    training: {
      ...{ epochs: Math.max(4, Math.round((STEPS * batchSize) / attempts)), batchSize, seed },
      ...{ optimizer: "adamw", learningRate: 2e-3, weightDecay: 0.01, ema: 0.99, checkpointEvery: 100_000 },
    },
  });
}
