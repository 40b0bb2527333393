import type { Rng } from "../../array/rng.ts";
import type { Planning, Policy } from "../environment.ts";
import type { Action, Observation } from "../space.ts";
import { blobOf, depthOf, objectPixels, placeOf, SIDE } from "./image.ts";

/** Angles that are tried, over half a turn: the gripper is the same after that. */
const ANGLES = 18;
/** Grasps that are compared. */
const CANDIDATES = 150;

/** A grasp at the middle of a pixel. */
const graspAt = (pixel: number, angle: number): Action => Float32Array.of(...placeOf(pixel), angle);

/** A random object's pixel, at one of 18 angles; where nothing is seen, anywhere. */
function randomGrasp(pixels: readonly number[], rng: Rng): Action {
  const pixel = pixels.length > 0 ? pixels[rng.integer(0, pixels.length - 1)]! : rng.integer(0, SIDE * SIDE - 1);
  return graspAt(pixel, (rng.integer(0, ANGLES - 1) * Math.PI) / ANGLES);
}

/** Candidates: random grasps of what is seen. */
export const planning: Planning = {
  steps: 1,
  plans(observation, rng) {
    const pixels = objectPixels(depthOf(observation));
    return Array.from({ length: CANDIDATES }, () => randomGrasp(pixels, rng));
  },
};

export const randomPolicy: Policy = {
  act: (observation, rng) => randomGrasp(objectPixels(depthOf(observation)), rng),
};

/** What a person would write: the object nearest to the camera, at its middle, across its shorter axis. */
export const acrossPolicy: Policy = { act: (observation, rng) => across(observation) ?? randomGrasp([], rng) };

function across(observation: Observation): Action | undefined {
  const depth = depthOf(observation);
  const pixels = objectPixels(depth);
  if (pixels.length === 0) return undefined;
  const nearest = pixels.reduce((best, pixel) => (depth[pixel]! < depth[best]! ? pixel : best));
  const blob = blobOf(pixels, nearest).map(placeOf);
  const mean = (of: (point: readonly [number, number]) => number) =>
    blob.reduce((sum, point) => sum + of(point), 0) / blob.length;
  const [x, y] = [mean(([x]) => x), mean(([, y]) => y)];
  const [xx, yy, xy] = [
    mean((p) => (p[0] - x) ** 2),
    mean((p) => (p[1] - y) ** 2),
    mean((p) => (p[0] - x) * (p[1] - y)),
  ];
  const longer = Math.atan2(2 * xy, xx - yy) / 2;
  return Float32Array.of(x, y, (longer + (3 * Math.PI) / 2) % Math.PI);
}
