import type { onnx } from "onnx-proto";
import { type FileInput, openOnnx } from "../runtimes/file.ts";
import { type OnnxPass, onnxTypes, transformModel } from "./onnx-graph.ts";
import type { Range } from "./static.ts";

/** Bins of the histogram for percentiles. */
const BINS = 2048;

export type Feeds = Readonly<Record<string, FileInput>>;

/** Adds inner tensors of a graph to its outputs. */
const exposing =
  (names: readonly string[]): OnnxPass =>
  (graph) => {
    const visible = new Set([...(graph.output ?? []), ...(graph.input ?? [])].map(({ name }) => name));
    const added: onnx.IValueInfoProto[] = names
      .filter((name) => !visible.has(name))
      .map((name) => ({ name, type: { tensorType: { elemType: onnxTypes.float32 } } }));
    return { ...graph, output: [...(graph.output ?? []), ...added] };
  };

/**
 * The ranges of a model's tensors on some batches; each includes 0.
 * @param percentile in (50, 100]; 100 takes the smallest and largest value, 99.99 leaves out one value in 20,000 on
 *   each side, since a few outliers would cost the other values precision
 */
export async function calibrate(
  model: Uint8Array,
  names: readonly string[],
  batches: readonly Feeds[],
  { percentile = 100 }: { percentile?: number } = {},
): Promise<Map<string, Range>> {
  const file = await openOnnx(transformModel(model, [exposing(names)]));
  const visit = async (use: (name: string, values: Float32Array) => void) => {
    const outputs = names.filter((name) => file.outputNames.includes(name));
    for (const batch of batches) {
      const results = outputs.length > 0 ? await file.run(batch, outputs) : {};
      for (const name of names) {
        const { data } = results[name] ?? batch[name] ?? {};
        if (!(data instanceof Float32Array)) throw new Error(`the model has no float32 tensor ${name}`);
        use(name, data);
      }
    }
  };
  try {
    const ranges = new Map<string, Range>();
    await visit((name, values) => {
      let { min, max } = ranges.get(name) ?? { min: 0, max: 0 };
      for (const value of values) {
        if (value < min) min = value;
        if (value > max) max = value;
      }
      ranges.set(name, { min, max });
    });
    if (percentile >= 100) return ranges;
    const counts = new Map(names.map((name) => [name, new Float64Array(BINS)]));
    await visit((name, values) => {
      const { min, max } = ranges.get(name)!;
      const bins = counts.get(name)!;
      const perValue = BINS / (max - min || 1);
      for (const value of values) bins[Math.min(BINS - 1, Math.floor((value - min) * perValue))]!++;
    });
    const cut = (100 - percentile) / 200;
    return new Map(names.map((name) => [name, within(ranges.get(name)!, counts.get(name)!, cut)]));
  } finally {
    await file.dispose();
  }
}

/** The range without a share of the values on either side; it still includes 0. */
function within({ min, max }: Range, counts: Float64Array, cut: number): Range {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const width = (max - min) / counts.length;
  const outside = (bins: Float64Array) => {
    let [seen, bin] = [0, 0];
    while (bin < bins.length && seen + bins[bin]! <= cut * total) seen += bins[bin++]!;
    return bin * width;
  };
  return { min: Math.min(0, min + outside(counts)), max: Math.max(0, max - outside(counts.toReversed())) };
}
