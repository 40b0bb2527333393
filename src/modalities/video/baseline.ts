import { float32 } from "../../array/tensor.ts";
import type { Extractor, Modality } from "../../data/modality.ts";
import { rawValues } from "../../evaluation/worth/features.ts";
import type { Clip } from "./clip.ts";

/** What one would try without learning: the mean of the frames, and the mean of what changes from one to the next. */
export function meanFrameBaseline(built: Modality<Clip>): Extractor {
  const { pixels } = built.specs;
  const [channels = 1, frames = 1, height = 1, width = 1] = pixels?.shape ?? [];
  const plane = height * width;
  const tensors = (clip: Clip) => {
    const { data } = built.tensors(clip).pixels!;
    const vector = new Float32Array(2 * channels * plane);
    for (let channel = 0; channel < channels; channel++)
      for (let frame = 0; frame < frames; frame++) {
        const from = (channel * frames + frame) * plane;
        for (let at = 0; at < plane; at++) {
          const value = data[from + at]!;
          vector[channel * plane + at]! += value / frames;
          if (frame > 0)
            vector[(channels + channel) * plane + at]! += Math.abs(value - data[from - plane + at]!) / (frames - 1);
        }
      }
    return { features: float32(vector, [vector.length]) };
  };
  const specs = { features: { dtype: "float32", shape: [2 * channels * plane] } } as const;
  return rawValues({ ...built, specs, tensors }, "mean frame and change");
}
