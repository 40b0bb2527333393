import type { Pose, World } from "./world.ts";

/** What the robot sees within: radians to both sides together, and metres. */
export const [FIELD, REACH] = [(216 * Math.PI) / 180, 4];
export const RAYS = 40;
/** Pixels of the depth image's side, radians from its top row to its bottom row, metres of the camera above the floor. */
export const [PIXELS, UPRIGHT, CAMERA_HEIGHT] = [64, Math.PI / 3, 0.5];

/** Where ray `index` of `count` points to from the heading: the first to the left. */
export const rayAngle = (index: number, count: number): number => FIELD / 2 - (index * FIELD) / (count - 1);

/** Elevation of a row of the depth image, radians above the horizon. */
export const rowAngle = (row: number): number => UPRIGHT / 2 - ((row + 0.5) * UPRIGHT) / PIXELS;

/** Metres that a ray of each row rises on every metre along the floor. */
const rises = Float64Array.from({ length: PIXELS }, (_, row) => Math.tan(rowAngle(row)));

/** Metres to the first surface, ray by ray from left to right. */
export function scan(world: World, { x, y, heading }: Pose): Float32Array {
  return Float32Array.from({ length: RAYS }, (_, index) => world.range(x, y, heading + rayAngle(index, RAYS), REACH));
}

/**
 * What a wide depth camera sees at the robot's middle, row-major from the top left: metres to the first surface, at most the
 * reach. Columns are equal angles to the side, rows equal angles up. Low things are seen over, and the floor is seen.
 */
export function depthImage(world: World, { x, y, heading }: Pose): Float32Array {
  const image = new Float32Array(PIXELS ** 2);
  for (let column = 0; column < PIXELS; column++) {
    const hits = world.hits(x, y, heading + rayAngle(column, PIXELS), REACH);
    for (let row = 0; row < PIXELS; row++) {
      const rise = rises[row]!;
      // Along the floor: where the ray reaches it, and before that any surface.
      let ground = rise < 0 ? CAMERA_HEIGHT / -rise : Number.POSITIVE_INFINITY;
      for (const { near, far, height } of hits) {
        if (near >= ground) break;
        if (CAMERA_HEIGHT + near * rise <= height) ground = near;
        else if (CAMERA_HEIGHT + far * rise < height) ground = (height - CAMERA_HEIGHT) / rise;
        else continue;
        break;
      }
      image[row * PIXELS + column] = Math.min(REACH, ground * Math.sqrt(1 + rise * rise));
    }
  }
  return image;
}
