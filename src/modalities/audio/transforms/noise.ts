import { Rng } from "../../../array/rng.ts";

/** White noise to take parts of: drawing every value anew would take longer than the spectrogram. */
const LENGTH = 2 ** 17;
let table: Float32Array | undefined;

function whiteNoise(): Float32Array {
  const rng = new Rng(0).split("white noise");
  table ??= Float32Array.from({ length: LENGTH }, () => rng.normal());
  return table;
}

/**
 * Adds noise whose power falls with frequency by 0 (white) to 6 dB an octave (brown).
 * @param snr how much louder the sound is, in dB; in silence the noise stays below −60 dB
 */
export function addNoise(wave: Float32Array, rng: Rng, snr: number): Float32Array {
  const smoothing = rng.uniform(0, 0.98);
  const white = whiteNoise();
  const from = rng.integer(0, LENGTH - 1);
  const noise = new Float32Array(wave.length);
  let [last, energy, sound] = [0, 0, 0];
  for (let at = 0; at < wave.length; at++) {
    last = smoothing * last + white[(from + at) % LENGTH]!;
    noise[at] = last;
    energy += last * last;
    sound += wave[at]! * wave[at]!;
  }
  const power = Math.max(sound / wave.length, 1e-6) / 10 ** (snr / 10);
  const scale = Math.sqrt((power * wave.length) / Math.max(energy, 1e-12));
  return wave.map((value, at) => value + scale * noise[at]!);
}
