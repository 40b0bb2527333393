/** The own ray caster against MuJoCo's, pixel by pixel. */
import assert from "node:assert/strict";
import { test } from "node:test";
import loadMujoco from "@mujoco/mujoco";
import { Rng } from "../../../src/array/rng.ts";
import { type Camera, capture, type Geoms, lookAt, shade } from "../../../src/environments/mujoco/camera.ts";

const mujoco = await loadMujoco();

/** Every kind of geom, twelve of them, at random places, sizes and turns above a plane. */
function scene(seed: number): string {
  const rng = new Rng(seed);
  const numbers = (count: number, low: number, high: number) =>
    Array.from({ length: count }, () => rng.uniform(low, high).toFixed(6)).join(" ");
  const geoms = Array.from({ length: 12 }, (_, at) => {
    const type = ["box", "sphere", "cylinder", "capsule", "ellipsoid"][at % 5]!;
    return `<geom type="${type}" pos="${numbers(2, -0.4, 0.4)} ${numbers(1, -0.05, 0.4)}" size="${numbers(3, 0.03, 0.15)}" euler="${numbers(3, -180, 180)}"/>`;
  });
  return `<mujoco><worldbody><geom type="plane" size="0 0 1"/>${geoms.join("")}
    <geom type="plane" size="0.3 0.2 1" pos="0 0 0.1" euler="20 30 0"/><geom type="sphere" size="0.2" pos="0 0 0.5" rgba="1 0 0 0"/></worldbody></mujoco>`;
}

function withScene(
  seed: number,
  look: (geoms: Geoms, rays: (camera: Camera, directions: Float64Array) => Float64Array) => void,
) {
  const model = mujoco.MjModel.from_xml_string(scene(seed));
  const data = new mujoco.MjData(model);
  mujoco.mj_forward(model, data);
  const geoms: Geoms = {
    count: model.ngeom,
    type: model.geom_type,
    size: model.geom_size,
    position: data.geom_xpos,
    rotation: data.geom_xmat,
    rgba: model.geom_rgba,
  };
  const rays = (camera: Camera, directions: Float64Array) => {
    const count = directions.length / 3;
    const distance = new mujoco.DoubleBuffer(count);
    const ids = new mujoco.IntBuffer(count);
    mujoco.mj_multiRay(
      model,
      data,
      [...camera.position],
      [...directions],
      [1, 1, 1, 1, 1, 1],
      true,
      -1,
      ids,
      distance,
      null,
      count,
      100,
    );
    const found = Float64Array.from(distance.GetView());
    distance.delete();
    ids.delete();
    return found;
  };
  look(geoms, rays);
  data.delete();
  model.delete();
}

/** Rays through the middles of the pixels, as unit vectors, and their share along the camera's axis. */
function raysOf(camera: Camera, width: number, height: number) {
  const step = (2 * Math.tan((camera.fieldOfView * Math.PI) / 360)) / height;
  const directions = new Float64Array(width * height * 3);
  const ahead = new Float64Array(width * height);
  for (let at = 0; at < width * height; at++) {
    const local = [((at % width) + 0.5 - width / 2) * step, (height / 2 - Math.floor(at / width) - 0.5) * step, -1];
    const length = Math.hypot(...local);
    for (let k = 0; k < 3; k++)
      for (let j = 0; j < 3; j++) directions[at * 3 + k]! += (camera.rotation[k * 3 + j]! * local[j]!) / length;
    ahead[at] = 1 / length;
  }
  return { directions, ahead };
}

const cameras: readonly Camera[] = [
  lookAt([0, 0, 1.2], [0, 0, 0], 50, [0, 1, 0]),
  lookAt([1, -0.7, 0.6], [0, 0, 0.1], 45),
  // Between the geoms: some are behind it, some around it.
  lookAt([0.05, 0.1, 0.25], [0.4, 0.2, 0.1], 80),
];

test("depth is MuJoCo's own to a micrometre, for every kind of geom", () => {
  let compared = 0;
  for (const seed of [0, 1, 2, 3])
    withScene(seed, (geoms, rays) => {
      for (const camera of cameras) {
        const { directions, ahead } = raysOf(camera, 48, 40);
        const expected = rays(camera, directions);
        const shot = capture(geoms, camera, 48, 40);
        for (let at = 0; at < expected.length; at++) {
          const wanted = expected[at]! < 0 ? Number.POSITIVE_INFINITY : expected[at]! * ahead[at]!;
          if (!Number.isFinite(wanted)) assert.equal(shot.depth[at], wanted, `seed ${seed}, pixel ${at}`);
          else {
            assert.ok(
              Math.abs(shot.depth[at]! - wanted) < 1e-6 * Math.max(1, wanted),
              `seed ${seed}, pixel ${at}: ${shot.depth[at]} for ${wanted}`,
            );
            compared++;
          }
          assert.equal(shot.geom[at]! < 0, wanted === Number.POSITIVE_INFINITY);
        }
      }
    });
  assert.ok(compared > 15000, String(compared));
});

test("shading: sides turned to the light are brighter, what is transparent is not there", () => {
  const geoms: Geoms = {
    count: 2,
    type: [6, 2],
    size: [0.1, 0.1, 0.1, 0.5, 0, 0],
    position: [0, 0, 0, 0, 0, 0],
    rotation: [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1],
    rgba: [1, 0, 0, 1, 0, 1, 0, 0],
  };
  const pixel = (camera: Camera, at: number) => [
    ...shade(geoms, camera, capture(geoms, camera, 3, 3), 3, 3).subarray(at * 3, at * 3 + 3),
  ];
  const above = pixel(lookAt([0, 0, 1], [0, 0, 0], 20, [0, 1, 0]), 4);
  const side = pixel(lookAt([1, 0, 0], [0, 0, 0], 20), 4);
  assert.ok(above[0]! > side[0]! + 50, `${above} ${side}`);
  assert.deepEqual(above.slice(1), [0, 0]);
  assert.ok(pixel(lookAt([1, 0, 0], [0, 0, 0], 20), 0)[2]! > 200);
});
