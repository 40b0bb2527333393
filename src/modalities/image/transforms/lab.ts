import { float32, type Tensor } from "../../../array/tensor.ts";
import { alike, bytesOf, type Image, whiteOf } from "../../../pixels/image.ts";

/** sRGB to CIE XYZ (IEC 61966-2-1), rows X, Y, Z, and the D65 white point, at which a and b are zero. */
export const RGB_TO_XYZ = [
  [0.412453, 0.35758, 0.180423],
  [0.212671, 0.71516, 0.072169],
  [0.019334, 0.119193, 0.950227],
] as const;
export const WHITE = [0.95047, 1, 1.08883] as const;

/** Linear light of each sRGB byte. */
const linear = Float64Array.from({ length: 256 }, (_, byte) => {
  const value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});

const root = (t: number): number => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);

/** One colour in CIELAB (D65, 2°), as scikit-image's `rgb2lab`: L in [0, 100], a and b in about ±110. */
export function labOf(red: number, green: number, blue: number): [lightness: number, a: number, b: number] {
  const [r, g, b] = [linear[red]!, linear[green]!, linear[blue]!];
  const [x, y, z] = RGB_TO_XYZ.map((row, at) => root((row[0] * r + row[1] * g + row[2] * b) / WHITE[at]!));
  return [116 * y! - 16, 500 * (x! - y!), 200 * (y! - z!)];
}

/** The lightness as a grey image with as many channels (L 0 … 100 as black … white), and L, a, b `[3, height, width]`. */
export function splitLab(image: Image): { lightness: Image; values: Tensor } {
  const { width, height, channels } = image;
  const data = bytesOf(image);
  const plane = width * height;
  const values = new Float32Array(3 * plane);
  const grey = alike(image.data, data.length);
  const step = whiteOf(grey) / 100;
  const last = channels - 1;
  for (let at = 0; at < plane; at++) {
    const from = at * channels;
    const [lightness, a, b] = labOf(data[from]!, data[from + Math.min(1, last)]!, data[from + last]!);
    values[at] = lightness;
    values[plane + at] = a;
    values[2 * plane + at] = b;
    grey.fill(Math.round(lightness * step), from, from + channels);
  }
  return { lightness: { ...image, data: grey }, values: float32(values, [3, height, width]) };
}
