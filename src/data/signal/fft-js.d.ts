declare module "fft.js" {
  export default class FFT {
    constructor(points: number);
    /** Fills the first half of `output` (complex, interleaved) with the transform of real `values`. */
    realTransform(output: Float64Array, values: Float64Array): void;
    /** Fills the second half of a real signal's spectrum from the first. */
    completeSpectrum(spectrum: Float64Array): void;
    inverseTransform(output: Float64Array, spectrum: Float64Array): void;
  }
}
