import type { Rng } from "../../../array/rng.ts";

/**
 * Adds noise whose power falls with frequency by 0 (white) to 6 dB an octave (brown).
 * @param snr how much louder the sound is, in dB; in silence the noise stays below −60 dB
 */
export function addNoise(wave: Float32Array, rng: Rng, snr: number): Float32Array {
  const smoothing = rng.uniform(0, 0.98);
  const noise = new Float32Array(wave.length);
  let [last, energy, sound] = [0, 0, 0];
  for (let at = 0; at < wave.length; at++) {
    last = smoothing * last + rng.normal(0, 1);
    noise[at] = last;
    energy += last * last;
    sound += wave[at]! * wave[at]!;
  }
  const power = Math.max(sound / wave.length, 1e-6) / 10 ** (snr / 10);
  const scale = Math.sqrt((power * wave.length) / Math.max(energy, 1e-12));
  return wave.map((value, at) => value + scale * noise[at]!);
}
