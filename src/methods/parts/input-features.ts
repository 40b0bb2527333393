import { type Array, constant, float32, lax, np, type Tensor } from "../../array/index.ts";
import { offerOf } from "../../data/ability.ts";
import { patches } from "../../encoders/abilities.ts";
import type { Inputs, LatentAbility } from "../../encoders/encoder.ts";
import { UserError } from "../../foundation/errors.ts";

/** Bands of the log-mel energies, and cepstral coefficients; their changes and the changes of those are added. */
const BANDS = 40;
const COEFFICIENTS = 13;
/** The mel scale is for hearing; inputs of any other rate are warped as if they had this one. */
const RATE = 16_000;
/** Added to energies before the logarithm. */
const FLOOR = 1e-5;

/** What is at each token of an encoder, before anything is learned. */
export interface InputFeatures {
  readonly dim: number;
  /** `[batch, tokens, dim]` */
  apply(inputs: Inputs): Array;
}

/**
 * The values of an encoder's patches, or, of an encoder that reads a series by overlapping windows, each window's log-mel
 * energies (`energies`) or MFCC with first and second differences (`cepstra`, HuBERT's).
 * @param who name of the method, for the message
 * @throws UserError when the encoder has neither
 */
export function inputFeatures(
  encoder: { readonly latents: LatentAbility },
  channels: number,
  kind: "energies" | "cepstra",
  who: string,
): InputFeatures {
  const ofPatches = offerOf(encoder, patches);
  if (ofPatches) return { dim: ofPatches.patchDim, apply: ofPatches.patchify };
  const { windows, count } = encoder.latents;
  if (!windows)
    throw new UserError(`method ${who} needs an encoder with patches or windows; try --encoder vit or wave`);
  const { input, stride, field } = windows;
  const basis = fourierBasis(field);
  const bank = melBank(field);
  const [transform, differences] = [cosines(), differencesOf(count)];
  return {
    dim: channels * (kind === "energies" ? BANDS : 3 * COEFFICIENTS),
    apply(inputs) {
      const x = inputs[input]!;
      const [batch, , length] = x.shape as [number, number, number];
      const alone = np.reshape(x, [batch * channels, 1, length]);
      const waves = lax.convGeneralDilated(alone, constant(basis), [stride], [[0, 0]]);
      const [real, imaginary] = np.split(waves, 2, 1);
      const power = np.transpose(np.add(np.square(real!), np.square(imaginary!)), [0, 2, 1]);
      const energies = np.log(np.add(np.matmul(power, constant(bank)), FLOOR));
      if (kind === "energies") return joined(energies, batch);
      const cepstrum = np.matmul(energies, constant(transform));
      const changeOf = (values: Array) =>
        np.transpose(np.matmul(np.transpose(values, [0, 2, 1]), constant(differences)), [0, 2, 1]);
      const change = changeOf(cepstrum);
      return joined(np.concatenate([cepstrum, change, changeOf(change)], 2), batch);
    },
  };
}

/** `[batch × channels, tokens, dim]` → `[batch, tokens, channels × dim]`. */
const joined = (x: Array, batch: number): Array => {
  const [rows, tokens, dim] = x.shape as [number, number, number];
  const channels = rows / batch;
  return np.reshape(np.transpose(np.reshape(x, [batch, channels, tokens, dim]), [0, 2, 1, 3]), [
    batch,
    tokens,
    channels * dim,
  ]);
};

/** Values of a window whose spectrum is taken, its middle ones: longer windows would need very large tables. */
const LONGEST = 1024;
const usedOf = (field: number): number => Math.min(field, LONGEST);
const binsOf = (field: number): number => Math.floor(usedOf(field) / 2) + 1;

/** Cosines and then sines under a Hann window, as convolution kernels `[2 × bins, 1, field]`. */
function fourierBasis(field: number): Tensor {
  const [used, bins] = [usedOf(field), binsOf(field)];
  const from = Math.floor((field - used) / 2);
  const values = new Float32Array(2 * bins * field);
  for (let bin = 0; bin < bins; bin++)
    for (let at = 0; at < used; at++) {
      const angle = (2 * Math.PI * at) / used;
      const window = 0.5 - 0.5 * Math.cos(angle);
      values[bin * field + from + at] = window * Math.cos(bin * angle);
      values[(bins + bin) * field + from + at] = window * Math.sin(bin * angle);
    }
  return float32(values, [2 * bins, 1, field]);
}

const mel = (hertz: number): number => 1127 * Math.log1p(hertz / 700);

/** Triangles on the mel scale from 0 Hz to half the rate, `[bins, bands]`, as Kaldi's. */
function melBank(field: number): Tensor {
  const bins = binsOf(field);
  const width = mel(RATE / 2) / (BANDS + 1);
  const values = Float32Array.from({ length: bins * BANDS }, (_, index) => {
    const place = mel((Math.floor(index / BANDS) * RATE) / usedOf(field)) / width - (index % BANDS);
    return Math.max(0, Math.min(place, 2 - place));
  });
  return float32(values, [bins, BANDS]);
}

/** The first coefficients of the orthonormal cosine transform (DCT-II), `[bands, coefficients]`. */
function cosines(): Tensor {
  const values = Float32Array.from({ length: BANDS * COEFFICIENTS }, (_, index) => {
    const [band, order] = [Math.floor(index / COEFFICIENTS), index % COEFFICIENTS];
    return Math.cos((Math.PI / BANDS) * (band + 0.5) * order) * Math.sqrt((order ? 2 : 1) / BANDS);
  });
  return float32(values, [BANDS, COEFFICIENTS]);
}

/** Differences over time by regression over two neighbours on each side, as Kaldi's; ends are repeated; a column for each token. */
function differencesOf(count: number): Tensor {
  const values = new Float32Array(count * count);
  const within = (at: number) => Math.max(0, Math.min(count - 1, at));
  for (let at = 0; at < count; at++)
    for (const distance of [1, 2]) {
      values[within(at + distance) * count + at]! += distance / 10;
      values[within(at - distance) * count + at]! -= distance / 10;
    }
  return float32(values, [count, count]);
}
