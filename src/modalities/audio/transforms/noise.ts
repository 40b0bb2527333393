import { Rng } from "../../../array/rng.ts";

/** White noise to take parts of: drawing every value anew would take longer than the spectrogram. */
const LENGTH = 2 ** 17;
let table: Float32Array | undefined;

function whiteNoise(): Float32Array {
  const rng = new Rng(0).split("white noise");
  table ??= Float32Array.from({ length: LENGTH }, () => rng.normal());
  return table;
}

/** White noise of deviation 1, from a random place of the table. @param length at most 2¹⁷ */
export function noisePart(rng: Rng, length: number): Float32Array {
  const from = rng.integer(0, LENGTH - length);
  return whiteNoise().slice(from, from + length);
}

/**
 * Adds noise whose power falls with frequency by 0 (white) to 6 dB an octave (brown).
 * @param snr how much louder the sound is, in dB; in silence the noise stays below −60 dB
 */
export function addNoise(wave: Float32Array, rng: Rng, snr: number): Float32Array {
  const smoothing = rng.uniform(0, 0.98);
  const white = whiteNoise();
  let from = rng.integer(0, LENGTH - 1);
  const noise = new Float32Array(wave.length);
  let [last, energy, sound] = [0, 0, 0];
  for (let at = 0; at < wave.length; at++) {
    last = smoothing * last + white[from]!;
    from = (from + 1) % LENGTH;
    noise[at] = last;
    energy += last * last;
    sound += wave[at]! * wave[at]!;
  }
  const power = Math.max(sound / wave.length, 1e-6) / 10 ** (snr / 10);
  const scale = Math.sqrt((power * wave.length) / Math.max(energy, 1e-12));
  for (let at = 0; at < noise.length; at++) noise[at] = wave[at]! + scale * noise[at]!;
  return noise;
}
