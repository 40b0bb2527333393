import type { Observation } from "../space.ts";

/** Pixels of a side of the image. */
export const SIDE = 64;
/** The camera's height above the table, metres; it looks straight down. */
export const HEIGHT = 1;
/** Half the stretch of table that it sees, metres. */
const REACH = 0.14;
export const FIELD_OF_VIEW = (2 * Math.atan(REACH / HEIGHT) * 180) / Math.PI;
/** What lies that much above the table is an object, metres. */
const LEAST = 0.006;
/** Pixels at the edge of the image where no grasp begins: there is the bin's wall. */
export const MARGIN = 3;

/** The place in the image of a pixel's middle: from −1 to 1, x to the right and y upwards. */
export const placeOf = (pixel: number): readonly [x: number, y: number] => [
  ((pixel % SIDE) + 0.5) / (SIDE / 2) - 1,
  1 - (Math.floor(pixel / SIDE) + 0.5) / (SIDE / 2),
];

/** The pixel at a place in the image. */
function pixelAt(x: number, y: number): number {
  const along = (share: number) => Math.min(SIDE - 1, Math.max(0, Math.floor((share + 1) * (SIDE / 2))));
  return along(-y) * SIDE + along(x);
}

/** Metres from the table's middle, of what is seen at a place in the image: x to the right and y away. */
export function worldOf(depth: Float32Array, x: number, y: number): readonly [x: number, y: number] {
  const scale = (REACH / HEIGHT) * depth[pixelAt(x, y)]!;
  return [x * scale, y * scale];
}

/** Metres along the camera's axis, `[64 × 64]`. */
export function depthOf(observation: Observation): Float32Array {
  const depth = observation.depth;
  if (depth?.length !== SIDE * SIDE) throw new Error(`a grasp needs the observation depth, ${SIDE} × ${SIDE}`);
  return depth;
}

/** The pixels of objects. */
export function objectPixels(depth: Float32Array): number[] {
  const pixels: number[] = [];
  for (let y = MARGIN; y < SIDE - MARGIN; y++)
    for (let x = MARGIN; x < SIDE - MARGIN; x++) if (depth[y * SIDE + x]! < HEIGHT - LEAST) pixels.push(y * SIDE + x);
  return pixels;
}

/** The pixels that hang together with one of them, over their edges. */
export function blobOf(pixels: readonly number[], first: number): number[] {
  const left = new Set(pixels);
  left.delete(first);
  const blob = [first];
  for (const pixel of blob)
    for (const neighbour of [pixel - 1, pixel + 1, pixel - SIDE, pixel + SIDE])
      if (left.delete(neighbour)) blob.push(neighbour);
  return blob;
}
