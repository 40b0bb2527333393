import { simplifyOnnx } from "../runtimes/file.ts";
import { calibrate, type Feeds } from "./calibrate.ts";
import { quantizeDynamically } from "./dynamic.ts";
import { graphOf, transformModel } from "./onnx-graph.ts";
import { preparation } from "./prepare.ts";
import { observedTensors, quantizeStatically } from "./static.ts";
import { quantizeTables } from "./tables.ts";
import { LARGEST } from "./weights.ts";

export type { Feeds } from "./calibrate.ts";

export interface QuantizeOptions {
  /** Batches to calibrate on: activations get fixed scales. Without them, scales are found in every call. */
  readonly calibration?: readonly Feeds[];
  /** See `calibrate`. */
  readonly percentile?: number;
  /** Weights of 7 bits, for processors without VNNI or dot-product instructions, where sums of 8 bits overflow. */
  readonly reduceRange?: boolean;
}

/** An ONNX file of `toOnnx` with weights in int8: about a quarter of its size, the same inputs and outputs. */
export async function quantize(model: Uint8Array, options: QuantizeOptions = {}): Promise<Uint8Array> {
  const range = { largest: options.reduceRange ? 63 : LARGEST };
  const prepared = transformModel(await simplifyOnnx(model), preparation);
  if (!options.calibration) return transformModel(prepared, [quantizeTables(range), quantizeDynamically(range)]);
  const ranges = await calibrate(prepared, observedTensors(graphOf(prepared)), options.calibration, options);
  return transformModel(prepared, [quantizeTables(range), quantizeStatically(ranges, range)]);
}
