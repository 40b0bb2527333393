import { float32, int32, type Tensor, type TensorSpec } from "../../array/tensor.ts";
import type { RunFiles } from "../../data/modality.ts";
import type { Picture } from "../../data/picture.ts";
import { stepInWords } from "../../data/tables/times.ts";
import { drawLines } from "./draw.ts";
import type { SeriesOptions } from "./options.ts";
import { preparation } from "./prepare.ts";
import { countOf, type Series } from "./series.ts";
import { seriesViews } from "./views.ts";

/** Normalised values lie between these, for methods that need values of a known range. */
const RANGE = 4;
/** Normalised values at the edges of a drawing. */
const DRAWN = [-3, 3] as const;
/** Names of channels in one line. */
const LISTED = 6;

export function buildSeries(options: SeriesOptions, files?: RunFiles) {
  const prepared = preparation(options, files);
  const { channels, window, windowOf } = prepared;
  const specs: Readonly<Record<string, TensorSpec>> = {
    series: { dtype: "float32", shape: [channels.length, window] },
    ...(options.mask ? { mask: { dtype: "int32", shape: [channels.length, window] } as const } : {}),
  };

  const draw = ({ shape, data }: Tensor): Picture | undefined => {
    const [count = 0, length = 0] = shape;
    if (shape.length !== 2 || count < 1 || length < 1) return undefined;
    if (options.normalize === "none") return drawLines(data, count, length);
    return drawLines(withoutMean(data, count, length), count, length, DRAWN);
  };

  return {
    name: "series",
    specs,
    tensors(series: Series): Readonly<Record<string, Tensor>> {
      const { values, length } = windowOf(series);
      const shape = [channels.length, length];
      // What is missing has the value of the mean.
      const known = values.map((value) => (Number.isFinite(value) ? value : 0));
      return {
        series: float32(known, shape),
        ...(options.mask
          ? {
              mask: int32(
                Int32Array.from(values, (value) => Number(Number.isFinite(value))),
                shape,
              ),
            }
          : {}),
      };
    },
    unseen({ series, mask }: Readonly<Record<string, Tensor>>): string | undefined {
      const isSeen = mask ? mask.data.some((one) => one === 1) : (series?.data.some((value) => value !== 0) ?? false);
      if (isSeen) return undefined;
      return `no value in the channels that the encoder reads: ${channels.slice(0, LISTED).join(", ")}${channels.length > LISTED ? " …" : ""}`;
    },
    ...seriesViews(options, prepared),
    normalization: {
      mean: channels.map(() => 0.5),
      std: channels.map(() => 1 / (2 * RANGE)),
    },
    drawing: { input: "series", draw },
    show(series: Series) {
      return { text: inWords(series), picture: drawLines(series.values, series.channels.length, series.length) };
    },
  } as const;
}

/** Steps at which every channel has exactly the mean are missing, or masked by the method. */
function withoutMean(data: ArrayLike<number>, channels: number, length: number): Float32Array {
  const values = Float32Array.from(data);
  for (let step = 0; step < length; step++) {
    let isMasked = true;
    for (let channel = 0; channel < channels; channel++) isMasked &&= values[channel * length + step] === 0;
    if (isMasked) for (let channel = 0; channel < channels; channel++) values[channel * length + step] = Number.NaN;
  }
  return values;
}

/** `1,000 steps of 3 channels (x, y, z), 12 values missing`. */
function inWords({ channels, length, values, step }: Series): string {
  const names = channels.map((name) => name.replaceAll(/\s+/g, " ").slice(0, 24));
  const listed = `${names.slice(0, LISTED).join(", ")}${names.length > LISTED ? " …" : ""}`;
  const missing = values.length - countOf(values);
  const of = channels.length === 1 ? "1 channel" : `${channels.length} channels`;
  return [
    `${length.toLocaleString("en")} steps${step === undefined ? "" : ` of ${stepInWords(step, false)}`}, ${of} (${listed})`,
    ...(missing > 0 ? [`${missing.toLocaleString("en")} values missing`] : []),
  ].join(", ");
}
