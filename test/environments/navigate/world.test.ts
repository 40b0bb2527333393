import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../../src/array/rng.ts";
import {
  CAMERA_HEIGHT,
  depthImage,
  PIXELS,
  RAYS,
  REACH,
  rayAngle,
  rowAngle,
  scan,
} from "../../../src/environments/navigate/camera.ts";
import { seconds, speed, turn, turnRate } from "../../../src/environments/navigate/motion.ts";
import { shortestPath } from "../../../src/environments/navigate/path.ts";
import {
  boxAt,
  cylinder,
  distanceTo,
  parts,
  ROBOT_RADIUS,
  SIDE,
  WALL_HEIGHT,
  World,
  worldOf,
} from "../../../src/environments/navigate/world.ts";

const near = (value: number, wanted: number, within: number, what = "") =>
  assert.ok(Math.abs(value - wanted) <= within, `${what} ${value} is not ${wanted} ± ${within}`);

/** A place in a world where the robot can stand. */
function pose(world: World, rng: Rng) {
  for (;;) {
    const at = { x: rng.uniform(0, SIDE), y: rng.uniform(0, SIDE), heading: rng.uniform(-Math.PI, Math.PI) };
    if (world.clearance(at.x, at.y) > ROBOT_RADIUS) return at;
  }
}

test("a cylinder and a turned box are as far away as plain geometry has it", () => {
  near(distanceTo(cylinder(1, 2, 0.5, 1), 1, 4), 1.5, 1e-12);
  near(distanceTo(cylinder(1, 2, 0.5, 1), 1.1, 2), -0.4, 1e-12);
  // Turned by 45°, a square of 2 m has its corner √2 m from the middle, and its side 1 m.
  const square = boxAt(5, 5, 1, 1, Math.PI / 4, 1);
  near(distanceTo(square, 5 + Math.SQRT2 + 1, 5), 1, 1e-12);
  near(distanceTo(square, 5 + 1.5, 5 + 1.5), 1.5 * Math.SQRT2 - 1, 1e-12);
  near(distanceTo(square, 5, 5), -1, 1e-12);
});

test("the scan is what steps of 1 mm along its rays meet", () => {
  const rng = new Rng(0);
  for (let at = 0; at < 6; at++) {
    const world = worldOf("train", at);
    const robot = pose(world, rng);
    scan(world, robot).forEach((range, ray) => {
      const angle = robot.heading + rayAngle(ray, RAYS);
      let gone = 0;
      while (gone < REACH && world.clearance(robot.x + gone * Math.cos(angle), robot.y + gone * Math.sin(angle)) > 0)
        gone += 0.001;
      near(range, Math.min(gone, REACH), 0.0021, `ray ${ray}`);
    });
  }
});

test("the depth image is what steps along its rays in space meet: floor, sides and tops", () => {
  const rng = new Rng(1);
  let [floor, things, open] = [0, 0, 0];
  for (let at = 0; at < 4; at++) {
    const world = worldOf("train", at);
    const robot = pose(world, rng);
    const image = depthImage(world, robot);
    const isFilled = (x: number, y: number, z: number) =>
      z <= 0 ||
      (z <= WALL_HEIGHT && Math.min(x, y, SIDE - x, SIDE - y) <= 0) ||
      world.obstacles.some((one) => z <= one.height && distanceTo(one, x, y) <= 0);
    for (let sample = 0; sample < 150; sample++) {
      const [row, column] = [rng.integer(0, PIXELS - 1), rng.integer(0, PIXELS - 1)];
      const [side, up] = [robot.heading + rayAngle(column, PIXELS), rowAngle(row)];
      const meets = (gone: number) => {
        const along = gone * Math.cos(up);
        const [x, y] = [robot.x + along * Math.cos(side), robot.y + along * Math.sin(side)];
        return isFilled(x, y, CAMERA_HEIGHT + gone * Math.sin(up));
      };
      let gone = 0;
      while (gone < REACH && !meets(gone)) gone += 0.002;
      const seen = image[row * PIXELS + column]!;
      // A ray that just touches an edge may meet it or not, by steps.
      if (Math.abs(seen - Math.min(gone, REACH)) > 0.005) {
        assert.ok(meets(seen + 1e-4), `row ${row}, column ${column}: nothing at ${seen}`);
        assert.ok(seen < gone, `row ${row}, column ${column}: ${seen} is behind what is at ${gone}`);
      }
      if (seen === REACH) open += 1;
      else if (Math.abs(CAMERA_HEIGHT + seen * Math.sin(up)) < 1e-3) floor += 1;
      else things += 1;
    }
  }
  assert.ok(Math.min(floor, things, open) > 50, `${floor} of the floor, ${things} of things, ${open} of nothing`);
});

test("a step drives the arc that a thousand short straight ones approach", () => {
  for (const rate of [-1, -0.3, 0, 0.7, 1]) {
    let [x, y, heading] = [1, 2, 0.5];
    for (let at = 0; at < 1000; at++) {
      heading += (rate * turnRate * seconds) / 2000;
      x += (speed * seconds * Math.cos(heading)) / 1000;
      y += (speed * seconds * Math.sin(heading)) / 1000;
      heading += (rate * turnRate * seconds) / 2000;
    }
    const after = turn({ x: 1, y: 2, heading: 0.5 }, rate);
    near(after.x, x, 1e-6);
    near(after.y, y, 1e-6);
    near(after.heading, heading, 1e-9);
  }
  assert.deepEqual(turn({ x: 0, y: 0, heading: 0 }, 5), turn({ x: 0, y: 0, heading: 0 }, 1), "beyond ±1 is cut");
});

test("a shortest path goes straight where it can, and around a wall by its end", () => {
  const empty = new World([]);
  near(shortestPath(empty, { x: 1, y: 1 }, { x: 9, y: 7 })!, 10, 1e-9);
  // A wall from the bottom up to y = 8: its end is to be passed at the robot's radius.
  const wall = new World([boxAt(6, 4, 0.1, 4, 0, 1)]);
  const around = shortestPath(wall, { x: 4, y: 6 }, { x: 8, y: 6 })!;
  // Over two corners that are cut round: shorter than over square ones, longer than over those of the wall itself.
  const over = (rise: number) => 2 * Math.hypot(4 / 2 - 0.1, 8 + rise - 6) + 0.2;
  assert.ok(
    around > over(0) && around < over(ROBOT_RADIUS) + 0.2,
    `${around}, not ${over(0)} to ${over(ROBOT_RADIUS)}`,
  );
  const closed = new World([boxAt(6, 6, 0.1, 6, 0, 1)]);
  assert.equal(shortestPath(closed, { x: 4, y: 6 }, { x: 8, y: 6 }), undefined);
});

test("a shortest path is as long from the other end, and never shorter than the straight line", () => {
  const rng = new Rng(2);
  for (let at = 0; at < 8; at++) {
    const world = worldOf("validation", at);
    const [a, b] = [pose(world, rng), pose(world, rng)];
    const [there, back] = [shortestPath(world, a, b), shortestPath(world, b, a)];
    assert.equal(there === undefined, back === undefined);
    if (there === undefined || back === undefined) continue;
    const straight = Math.hypot(a.x - b.x, a.y - b.y);
    assert.ok(there > straight - 1e-9);
    near(there, back, 0.05 * straight);
  }
});

test("worlds of different parts and indices differ, and the same are the same", () => {
  const all = parts.flatMap((part) => Array.from({ length: 10 }, (_, index) => worldOf(part, index)));
  assert.equal(new Set(all.map(({ obstacles }) => JSON.stringify(obstacles))).size, 30);
  assert.deepEqual(worldOf("test", 3), worldOf("test", 3));
  assert.ok(all.every(({ obstacles }) => obstacles.length === 34));
});
