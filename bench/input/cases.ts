import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What bench/input.ts loads: two views a sample with SimCLR's whole augmentation, at our defaults. */
export interface InputCase {
  readonly name: "jpeg" | "cifar";
  readonly imageSize: number;
  readonly batchSize: number;
}

export const inputCases: readonly InputCase[] = [
  { name: "jpeg", imageSize: 224, batchSize: 32 },
  { name: "cifar", imageSize: 32, batchSize: 256 },
];

export const WORKERS = 2;
/** Batches before the clock starts: every worker is there, and nothing is left of what was made ahead. */
export const WARM_UP = 12;
export const SECONDS = 4;

const data = process.env.AUTODIDACT_DATA ?? fileURLToPath(new URL("../../../shared/data", import.meta.url));
/** The 20,000 training pictures, where the machine has them. */
export const cifar = join(data, "cifar10", "train-20k.zip");
