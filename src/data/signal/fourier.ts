import FFT from "fft.js";

/** Power |X_k|² of the bins 0 … points / 2 of `points` real values. The result is overwritten by the next call. */
export type PowerSpectrum = (values: Float64Array) => Float64Array;

/** By the fast transform for powers of two, else by the definition. */
export const powerSpectrum = (points: number): PowerSpectrum =>
  points > 1 && (points & (points - 1)) === 0 ? fast(points) : plain(points);

function fast(points: number): PowerSpectrum {
  const transform = new FFT(points);
  const output = new Float64Array(2 * points);
  const power = new Float64Array(points / 2 + 1);
  return (values) => {
    transform.realTransform(output, values);
    for (let bin = 0; bin < power.length; bin++) power[bin] = output[2 * bin]! ** 2 + output[2 * bin + 1]! ** 2;
    return power;
  };
}

function plain(points: number): PowerSpectrum {
  const cosines = Float64Array.from({ length: points }, (_, at) => Math.cos((2 * Math.PI * at) / points));
  const sines = Float64Array.from({ length: points }, (_, at) => Math.sin((2 * Math.PI * at) / points));
  const power = new Float64Array(Math.floor(points / 2) + 1);
  return (values) => {
    for (let bin = 0; bin < power.length; bin++) {
      let [real, imaginary] = [0, 0];
      for (let at = 0, turn = 0; at < points; at++, turn = (turn + bin) % points) {
        real += values[at]! * cosines[turn]!;
        imaginary += values[at]! * sines[turn]!;
      }
      power[bin] = real ** 2 + imaginary ** 2;
    }
    return power;
  };
}
