import { calibrate, type Feeds } from "./calibrate.ts";
import { quantizeDynamically } from "./dynamic.ts";
import { graphOf, transformModel } from "./onnx-graph.ts";
import { preparation } from "./prepare.ts";
import { simplifyOnnx } from "./simplify.ts";
import { observedTensors, quantizeStatically } from "./static.ts";
import { quantizeTables } from "./tables.ts";
import { LARGEST, LARGEST_IN_SUMS } from "./weights.ts";

export type { Feeds } from "./calibrate.ts";

export interface QuantizeOptions {
  /** Batches to calibrate on: activations get fixed scales. Without them, scales are found in every call. */
  readonly calibration?: readonly Feeds[];
  /** See `calibrate`. */
  readonly percentile?: number;
  /**
   * Weights of 8 bits also where they are multiplied as whole numbers, for processors with VNNI or dot-product
   * instructions; on others sums of pairs overflow 16 bits, and outputs are wrong. By default 7, which are right anywhere.
   */
  readonly fullRange?: boolean;
}

/** An ONNX file of `toOnnx` with weights in int8: about a quarter of its size, the same inputs and outputs. */
export async function quantize(model: Uint8Array, options: QuantizeOptions = {}): Promise<Uint8Array> {
  const range = { largest: options.fullRange ? LARGEST : LARGEST_IN_SUMS };
  const prepared = transformModel(await simplifyOnnx(model), preparation);
  if (!options.calibration) return transformModel(prepared, [quantizeTables(range), quantizeDynamically(range)]);
  const ranges = await calibrate(prepared, observedTensors(graphOf(prepared)), options.calibration, options);
  return transformModel(prepared, [quantizeTables(range), quantizeStatically(ranges, range)]);
}
