import { type Array, constant, float32, np } from "../../../array/index.ts";

/** CIE XYZ to linear sRGB, and the white of D65: the inverse of `splitLab`. */
const XYZ_TO_RGB = [
  3.24048134, -1.53715152, -0.49853633, -0.96925495, 1.87599, 0.04155593, 0.05564664, -0.20404134, 1.05731107,
];
const WHITE = [0.95047, 1, 1.08883];

/**
 * CIELAB (D65, 2°) as sRGB values in [0, 1], clipped: scikit-image's `lab2rgb`, which keeps blue from going below 0.
 * @param lab `[batch, 3, h, w]`: L in [0, 100], a, b
 */
export function labToRgb(lab: Array): Array {
  const [batch, , height, width] = lab.shape as [number, number, number, number];
  const [lightness, a, b] = np.split(np.reshape(lab, [batch, 3, height * width]), 3, 1) as [Array, Array, Array];
  const y = np.multiply(np.add(lightness, 16), 1 / 116);
  const f = np.concatenate(
    [np.add(y, np.multiply(a, 1 / 500)), y, np.maximum(np.subtract(y, np.multiply(b, 1 / 200)), 0)],
    1,
  );
  const cube = np.multiply(f, np.square(f));
  const xyz = np.where(np.greater(f, 0.2068966), cube, np.multiply(np.subtract(f, 16 / 116), 1 / 7.787));
  const scaled = np.multiply(xyz, constant(float32(WHITE, [3, 1])));
  const light = np.matmul(constant(float32(XYZ_TO_RGB, [1, 3, 3])), scaled);
  const bright = np.maximum(light, 0.0031308);
  const curved = np.subtract(np.multiply(np.exp(np.multiply(np.log(bright), 1 / 2.4)), 1.055), 0.055);
  const values = np.where(np.greater(light, 0.0031308), curved, np.multiply(light, 12.92));
  return np.reshape(np.minimum(np.maximum(values, 0), 1), [batch, 3, height, width]);
}
