import { alike, type Image, whiteOf } from "../image.ts";

/** Position `at` reflected into the image at its edge pixels. */
function reflect(at: number, extent: number): number {
  if (extent === 1) return 0;
  const period = 2 * (extent - 1);
  const inside = ((at % period) + period) % period;
  return inside < extent ? inside : period - inside;
}

/** The source of every position of a line padded by `radius` at both ends, by reflection. */
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
    // Four sums at a time: a single one would wait for each addition.
    const to = y * rowLength;
    let at = 0;
    for (; at + 3 < rowLength; at += 4) {
      let [first, second, third, fourth] = [0, 0, 0, 0];
      for (let tap = 0, from = at; tap < kernel; tap++, from += channels) {
        const weight = weights[tap]!;
        first += weight * line[from]!;
        second += weight * line[from + 1]!;
        third += weight * line[from + 2]!;
        fourth += weight * line[from + 3]!;
      }
      rows[to + at] = first;
      rows[to + at + 1] = second;
      rows[to + at + 2] = third;
      rows[to + at + 3] = fourth;
    }
    for (; at < rowLength; at++) {
      let sum = 0;
      for (let tap = 0, from = at; tap < kernel; tap++, from += channels) sum += weights[tap]! * line[from]!;
      rows[to + at] = sum;
    }
  }

  const lines = continued(height, radius);
  const data = alike(source, source.length);
  // Weights too small to change a sum that starts at 0.5 in single precision are left out.
  const white = whiteOf(source);
  const counts = (weight: number) => weight * white >= 2 ** -26;
  const [first, last] = [weights.findIndex(counts), weights.findLastIndex(counts)];
  for (let y = 0; y < height; y++) {
    // Whole rows are added up, so that memory is read in order.
    const rowOf = (tap: number) => lines[y + tap]! * rowLength;
    sums.fill(0.5);
    let tap = first;
    for (; tap + 3 <= last; tap += 4) {
      // Four taps a pass, each sum rounded as if it had been written and read again.
      const [a, b, c, d] = [rowOf(tap), rowOf(tap + 1), rowOf(tap + 2), rowOf(tap + 3)];
      const [wa, wb, wc, wd] = [weights[tap]!, weights[tap + 1]!, weights[tap + 2]!, weights[tap + 3]!];
      for (let at = 0; at < rowLength; at++) {
        let sum = sums[at]!;
        sum = Math.fround(sum + wa * rows[a + at]!);
        sum = Math.fround(sum + wb * rows[b + at]!);
        sum = Math.fround(sum + wc * rows[c + at]!);
        sums[at] = sum + wd * rows[d + at]!;
      }
    }
    for (; tap <= last; tap++) {
      const from = rowOf(tap);
      const weight = weights[tap]!;
      for (let at = 0; at < rowLength; at++) sums[at]! += weight * rows[from + at]!;
    }
    data.set(sums, y * rowLength);
  }
  return { ...image, data };
}
