import { navigate } from "../../src/environments/navigate.ts";
import { pretrain, type Run } from "../../src/index.ts";

/** Attempts at random driving: between 57,000 and 60,000 steps. */
export const ATTEMPTS = 1750;

/** What differs between the robot with a scanner and the one with a depth camera; chosen in validation worlds. */
const settings = {
  scan: { encoder: "mlp", encoderOptions: { width: 64, depth: 2 }, modalityOptions: {}, epochs: 20 },
  depth: {
    encoder: "resnet",
    encoderOptions: { layers: "8", width: 8, stem: "stride2" },
    modalityOptions: { imageSize: 32, shift: 0 },
    epochs: 4,
  },
} as const;

/** Learns from the collisions in a recording. @param method `collision`, or the file of another */
export async function trainCollisions(options: {
  readonly tries: string;
  readonly out: string;
  readonly camera: keyof typeof settings;
  readonly seed: number;
  readonly method?: string;
  readonly onProgress?: (step: number, steps: number) => void;
}): Promise<Run> {
  const { tries, out, camera, seed, method = "collision", onProgress } = options;
  const { encoder, encoderOptions, modalityOptions, epochs } = settings[camera];
  const { steps: horizon } = navigate.planning!(navigate.options.parse({}));
  return pretrain({
    ...{ data: tries, out, method, encoder, encoderOptions },
    options: method === "collision" ? { symmetric: true } : {},
    modalityOptions: { ...modalityOptions, horizon },
    // A linear one needs no more.
    training: {
      epochs: method === "collision" ? epochs : 5,
      batchSize: 256,
      learningRate: 2e-3,
      seed,
      checkpointEvery: 100_000,
      logEvery: 100,
    },
    onProgress: ({ step, steps }) => onProgress?.(step, steps),
  });
}
