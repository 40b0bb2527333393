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
  /** Batches to calibrate on, for fixed scales of activations. Without them, scales are computed in every call. */
  readonly calibration?: readonly Feeds[];
  /** See `calibrate`. */
  readonly percentile?: number;
  /**
   * Use 8 bits also for weights of integer products, for processors with VNNI or dot-product instructions; on others
   * sums of pairs overflow 16 bits, and outputs are wrong. The default is 7 bits, which are correct anywhere.
   */
  readonly fullRange?: boolean;
}

/** Quantises an ONNX file of `toOnnx` to int8 weights: about a quarter of the size, the same inputs and outputs. */
export async function quantize(model: Uint8Array, options: QuantizeOptions = {}): Promise<Uint8Array> {
  const range = { largest: options.fullRange ? LARGEST : LARGEST_IN_SUMS };
  const prepared = transformModel(await simplifyOnnx(model), preparation);
  if (!options.calibration) return transformModel(prepared, [quantizeTables(range), quantizeDynamically(range)]);
  const ranges = await calibrate(prepared, observedTensors(graphOf(prepared)), options.calibration, options);
  return transformModel(prepared, [quantizeTables(range), quantizeStatically(ranges, range)]);
}
