import type { Image } from "../image.ts";

/** `GaussianBlur` with an odd kernel and reflected borders. `sigma` in pixels. */
export function gaussianBlur(image: Image, kernel: number, sigma: number): Image {
  const radius = (kernel - 1) / 2;
  const weights = Float64Array.from({ length: kernel }, (_, tap) =>
    Math.exp(-((tap - radius) ** 2) / (2 * sigma * sigma)),
  );
  const total = weights.reduce((sum, weight) => sum + weight);
  const { width, height, channels } = image;
  const rows = new Float32Array(image.data.length);
  const reflect = (position: number, extent: number): number => {
    if (extent === 1) return 0;
    const period = 2 * (extent - 1);
    const inside = ((position % period) + period) % period;
    return inside < extent ? inside : period - inside;
  };
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let tap = 0; tap < kernel; tap++)
          sum += weights[tap]! * image.data[(y * width + reflect(x + tap - radius, width)) * channels + channel]!;
        rows[(y * width + x) * channels + channel] = sum / total;
      }
  const data = new Uint8Array(image.data.length);
  for (let y = 0; y < height; y++)
    for (let i = 0; i < width * channels; i++) {
      let sum = 0;
      for (let tap = 0; tap < kernel; tap++)
        sum += weights[tap]! * rows[reflect(y + tap - radius, height) * width * channels + i]!;
      data[y * width * channels + i] = sum / total + 0.5;
    }
  return { ...image, data };
}
