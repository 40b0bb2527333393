import { type Camera, capture, shade } from "./camera.ts";
import type { Simulator } from "./simulator.ts";

/** What a camera sees of a simulation now: RGB bytes, `[height, width, 3]`. */
export function picture(simulator: Simulator, camera: Camera, width: number, height: number): Uint8Array {
  const { scene } = simulator;
  return shade(scene, camera, capture(scene, camera, width, height), width, height);
}
