import type { Image } from "../image.ts";

/** Where position `at` lies when the picture goes on mirrored about its edge pixels. */
function reflect(at: number, extent: number): number {
  if (extent === 1) return 0;
  const period = 2 * (extent - 1);
  const inside = ((at % period) + period) % period;
  return inside < extent ? inside : period - inside;
}

/** The source of every position of a line that is continued by `radius` at both ends. */
const continued = (extent: number, radius: number): Int32Array =>
  Int32Array.from({ length: extent + 2 * radius }, (_, at) => reflect(at - radius, extent));

let scratch = new Float32Array(0);

/** `GaussianBlur` with an odd kernel and reflected borders. `sigma` in pixels. */
export function gaussianBlur(image: Image, kernel: number, sigma: number): Image {
  const { width, height, channels, data: source } = image;
  const radius = (kernel - 1) / 2;
  const raw = Float32Array.from({ length: kernel }, (_, tap) => Math.exp(-((tap - radius) ** 2) / (2 * sigma * sigma)));
  const total = raw.reduce((sum, weight) => sum + weight, 0);
  const weights = raw.map((weight) => weight / total);
  const rowLength = width * channels;
  const lineLength = (width + 2 * radius) * channels;
  if (scratch.length < source.length + rowLength + lineLength)
    scratch = new Float32Array(source.length + rowLength + lineLength);
  const rows = scratch.subarray(0, source.length);
  const sums = scratch.subarray(source.length, source.length + rowLength);
  const line = scratch.subarray(source.length + rowLength, source.length + rowLength + lineLength);

  const columns = continued(width, radius);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < columns.length; x++)
      for (let channel = 0; channel < channels; channel++)
        line[x * channels + channel] = source[y * rowLength + columns[x]! * channels + channel]!;
    for (let at = 0; at < rowLength; at++) {
      let sum = 0;
      for (let tap = 0, from = at; tap < kernel; tap++, from += channels) sum += weights[tap]! * line[from]!;
      rows[y * rowLength + at] = sum;
    }
  }

  const lines = continued(height, radius);
  const data = new Uint8Array(source.length);
  for (let y = 0; y < height; y++) {
    // Whole rows are added up, so that memory is read in order.
    sums.fill(0.5);
    for (let tap = 0; tap < kernel; tap++) {
      const from = lines[y + tap]! * rowLength;
      const weight = weights[tap]!;
      for (let at = 0; at < rowLength; at++) sums[at]! += weight * rows[from + at]!;
    }
    data.set(sums, y * rowLength);
  }
  return { ...image, data };
}
