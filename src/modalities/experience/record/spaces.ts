import { sizeOf } from "../../../array/tensor.ts";
import type { Environment, EnvironmentDefinition } from "../../../environments/environment.ts";
import type { Box } from "../../../environments/space.ts";
import { ACTION, DONE, type Feature, INFORMATION, OBSERVATION, REWARD, SUCCESS, TERMINATED } from "./layout.ts";

/** Smallest side of what is taken for an image. */
const SIDE = 4;
/** Largest value of an image's pixels: 16 bits of one channel, as depth has more steps than 256; 8 bits of colours. */
const LEVELS = { 1: 65_535, 3: 255 } as const;

/** An observation that is stored as a PNG: `[height, width]`, `[1, height, width]` or `[3, height, width]`, with finite bounds. */
export interface ImageSpace {
  readonly channels: 1 | 3;
  readonly height: number;
  readonly width: number;
  /** What black and white mean. */
  readonly low: number;
  readonly high: number;
  readonly levels: number;
}

/** The image that a space is of; undefined for other numbers. */
export function imageSpaceOf({ shape, low, high }: Box): ImageSpace | undefined {
  const [height = 0, width = 0] = shape.slice(-2);
  const channels = shape.length === 2 ? 1 : shape.length === 3 ? shape[0] : 0;
  if ((channels !== 1 && channels !== 3) || Math.min(height, width) < SIDE) return undefined;
  if (typeof low !== "number" || typeof high !== "number" || !Number.isFinite(low) || !Number.isFinite(high))
    return undefined;
  return high > low ? { channels, height, width, low, high, levels: LEVELS[channels] } : undefined;
}

/** JSON has no infinity: a bound that is none is left out. */
function boundsOf({ low, high }: Box): Pick<Feature, "low" | "high"> {
  const isFinite = (bound: Box["low"]) => [bound].flat().every(Number.isFinite);
  const plain = (bound: Box["low"]) => (typeof bound === "number" ? bound : [...bound]);
  return { ...(isFinite(low) ? { low: plain(low) } : {}), ...(isFinite(high) ? { high: plain(high) } : {}) };
}

const numbers = (dtype: string, names: unknown = null): Feature => ({ dtype, shape: [1], names });

/** The columns of an environment's frames. @param information names of the numbers in `Step.info` */
export function featuresOf(
  { observationSpace, actionSpace }: Pick<Environment, "observationSpace" | "actionSpace">,
  { success }: Pick<EnvironmentDefinition, "success">,
  information: readonly string[],
): Record<string, Feature> {
  const features: Record<string, Feature> = {};
  for (const [name, space] of Object.entries(observationSpace)) {
    const image = imageSpaceOf(space);
    features[OBSERVATION + name] = image
      ? {
          dtype: "image",
          shape: [image.height, image.width, image.channels],
          names: ["height", "width", "channels"],
          info: { is_depth_map: image.channels === 1 },
          ...{ low: image.low, high: image.high },
        }
      : { dtype: "float32", shape: [sizeOf(space.shape)], names: space.names ?? null, ...boundsOf(space) };
  }
  features[ACTION] =
    actionSpace.kind === "discrete"
      ? { ...numbers("int64", actionSpace.names ?? null), choices: actionSpace.count }
      : {
          ...{ dtype: "float32", shape: [sizeOf(actionSpace.shape)], names: actionSpace.names ?? null },
          ...boundsOf(actionSpace),
        };
  features[REWARD] = numbers("float32");
  features[DONE] = numbers("bool");
  features[TERMINATED] = numbers("bool");
  if (success !== undefined) features[SUCCESS] = numbers("bool");
  for (const name of information) features[INFORMATION + name] = numbers("float32");
  features.timestamp = numbers("float32");
  for (const name of ["frame_index", "episode_index", "index", "task_index"]) features[name] = numbers("int64");
  return features;
}
