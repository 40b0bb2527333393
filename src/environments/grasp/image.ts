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

/** Metres from the image's middle, where a pixel at some depth is: x to the right, y upwards. */
export function worldOf(x: number, y: number, depth: number): readonly [x: number, y: number] {
  const scale = ((2 * REACH) / HEIGHT / SIDE) * depth;
  return [(x - SIDE / 2) * scale, (SIDE / 2 - y) * scale];
}

/** Metres along the camera's axis, `[64 × 64]`. */
export function depthOf(observation: Observation): Float32Array {
  const depth = observation.depth;
  if (depth?.length !== SIDE * SIDE) throw new Error(`a grasp needs the observation depth, ${SIDE} × ${SIDE}`);
  return depth;
}

/** Metres along the camera's axis at a place of the image. */
export const depthAt = (observation: Observation, x: number, y: number): number =>
  depthOf(observation)[Math.floor(y) * SIDE + Math.floor(x)]!;

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
