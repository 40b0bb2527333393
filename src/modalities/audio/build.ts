import { float32, type Tensor, type TensorSpec } from "../../array/tensor.ts";
import type { RunFiles } from "../../data/modality.ts";
import type { Picture } from "../../data/picture.ts";
import { drawMap, drawWave } from "./draw.ts";
import { statisticsOf } from "./learn.ts";
import type { AudioOptions } from "./options.ts";
import { preparation } from "./prepare.ts";
import type { Sound } from "./sound.ts";
import { soundViews } from "./views.ts";
import { playable } from "./wav.ts";

/** Log-mel energies of silence and of the loudest sounds, for methods that need values of a known range. */
const LOWEST = -16;
const HIGHEST = 12;
/** Deviations from the mean at which a picture's colours begin and end. */
const DRAWN = 2.5;

export function buildAudio(options: AudioOptions, files?: RunFiles) {
  const { bands, input } = options;
  const { mean, std } = statisticsOf(options, files);
  const prepared = preparation(options);
  const { samples, frames, waveOf, mapOf } = prepared;
  const isMap = input === "spectrogram";
  const scale = 1 / (2 * std);

  const mapFor = (sound: Sound) => sound.map ?? mapOf(waveOf(sound));
  const drawn = [mean - DRAWN * std, mean + DRAWN * std] as const;
  const draw = ({ shape, data }: Tensor): Picture | undefined => {
    if (shape.length === 2) return drawWave(data, 3);
    const [channels, height = 0, width = 0] = shape;
    if (channels !== 1 || height < 1 || width < 1) return undefined;
    const values = Float32Array.from(data, (value) => value / scale + mean);
    return drawMap({ bands: height, frames: width, values }, drawn);
  };

  const specs: Readonly<Record<string, TensorSpec>> = isMap
    ? { spectrogram: { dtype: "float32", shape: [1, bands, frames] } }
    : { wave: { dtype: "float32", shape: [1, samples] } };

  return {
    name: "audio",
    specs,
    tensors(sound: Sound): Readonly<Record<string, Tensor>> {
      if (!isMap) {
        const wave = standardized(waveOf(sound));
        return { wave: float32(wave, [1, wave.length]) };
      }
      const map = mapFor(sound);
      // AST's normalisation: a deviation of one half.
      return {
        spectrogram: float32(
          map.values.map((value) => (value - mean) * scale),
          [1, map.bands, map.frames],
        ),
      };
    },
    ...soundViews(options, prepared, mean),
    among: (sound: Sound, others: readonly Sound[]): Sound => ({ ...sound, others }),
    normalization: isMap
      ? { mean: [(mean - LOWEST) / (HIGHEST - LOWEST)], std: [(2 * std) / (HIGHEST - LOWEST)] }
      : { mean: [0.5], std: [0.125] },
    hearing: {
      ...{ rate: options.rate, samples },
      ...(isMap ? { spectrogram: { convention: options.convention, bands, frames, mean, std } } : {}),
    },
    drawing: { input: isMap ? "spectrogram" : "wave", draw },
    show(sound: Sound) {
      const text = `${(sound.wave.length / sound.rate).toFixed(2)} s at ${sound.rate.toLocaleString("en")} Hz`;
      return { text, picture: drawMap(mapOf(waveOf(sound)), drawn), media: () => playable(sound) };
    },
  } as const;
}

/** Mean 0 and deviation 1, as Wav2Vec2's feature extractor with `do_normalize`; silence stays silent. */
function standardized(wave: Float32Array): Float32Array {
  const mean = wave.reduce((sum, value) => sum + value, 0) / wave.length;
  const variance = wave.reduce((sum, value) => sum + (value - mean) ** 2, 0) / wave.length;
  const scale = 1 / Math.sqrt(variance + 1e-7);
  return wave.map((value) => (value - mean) * scale);
}
