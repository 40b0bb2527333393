import assert from "node:assert/strict";
import { test } from "node:test";
import { capture, lookAt } from "../../../src/environments/mujoco/camera.ts";
import { openSimulator, type Simulator } from "../../../src/environments/mujoco/simulator.ts";
import { withoutTextures } from "../../../src/environments/mujoco/textures.ts";
import { UserError } from "../../../src/foundation/errors.ts";

/** A ball over a plate that feels it, and an arm with a motor. */
const XML = `<mujoco>
  <asset>
    <texture name="grid" type="2d" builtin="checker" width="2000" height="2000" rgb1="1 0 0" rgb2="0 1 0"/>
    <material name="blue" texture="grid" texrepeat="3 3" rgba="0 0 1 1"/>
  </asset>
  <worldbody>
    <geom name="floor" type="plane" size="2 2 .1" material="blue"/>
    <body pos="0 0 0.5"><freejoint/><geom name="ball" size=".1" density="1000" rgba="1 0 0 1"/></body>
    <body pos="0 0 .02"><geom type="box" size=".2 .2 .02"/><site name="plate" type="box" size=".2 .2 .03" pos="0 0 .03"/></body>
    <body pos="1 0 1"><joint name="elbow" axis="0 1 0" damping=".1"/><geom name="arm" type="capsule" size=".05 .2" pos=".3 0 0"/></body>
  </worldbody>
  <actuator><motor name="m" joint="elbow" ctrlrange="-1 1" ctrllimited="true" gear="3"/></actuator>
  <sensor><touch name="weight" site="plate"/></sensor>
</mujoco>`;

const drive = (simulator: Simulator, steps: number) => {
  for (let at = 0; at < steps; at++) {
    simulator.setControls([Math.sin(at / 7)]);
    simulator.step();
  }
};

test("a model: its sizes, shapes and masses, without its textures", async () => {
  using simulator = await openSimulator(XML);
  assert.deepEqual(simulator.sizes, { positions: 8, velocities: 7, controls: 1, sensors: 1 });
  assert.equal(simulator.version, "3.14.0");
  assert.equal(simulator.timestep, 0.002);
  assert.deepEqual(simulator.controlRanges, [[-1, 1]]);
  const [floor, ball, plate, arm] = simulator.geoms;
  assert.deepEqual(floor!.color, [0, 0, 1, 1]);
  assert.deepEqual([ball!.name, ball!.type, ball!.body, ball!.color], ["ball", "sphere", 1, [1, 0, 0, 1]]);
  assert.equal(plate!.name, "");
  assert.deepEqual(simulator.actuators, ["m"]);
  assert.deepEqual(plate!.size, [0.2, 0.2, 0.02]);
  assert.deepEqual([arm!.type, arm!.size[0], arm!.size[1]], ["capsule", 0.05, 0.2]);
  assert.ok(Math.abs(simulator.masses[1]! - (1000 * 4 * Math.PI * 0.1 ** 3) / 3) < 1e-9);
  assert.deepEqual(simulator.joint("elbow"), { position: 7, velocity: 6 });
  assert.throws(() => simulator.index("geom", "nose"), /no geom nose/);
  assert.doesNotMatch(withoutTextures(XML), /texture|texrepeat/);
  assert.equal(withoutTextures(`<texture name="a>b"></texture ><geom/>`), "<geom/>");
});

test("physics: a ball falls as Galilei says, and then weighs on the plate what it weighs", async () => {
  using simulator = await openSimulator(XML);
  simulator.step(50);
  // Semi-implicit Euler: after n steps the fall is g h² n (n + 1) / 2.
  assert.ok(Math.abs(simulator.positions[2]! - (0.5 - (9.81 * 0.002 ** 2 * 50 * 51) / 2)) < 1e-12);
  assert.ok(Math.abs(simulator.time - 0.1) < 1e-12);
  assert.equal(simulator.sensor("weight")[0], 0);
  simulator.step(3000);
  assert.ok(Math.abs(simulator.geomPositions[5]! - simulator.positions[2]!) < 1e-12, "geoms are those of now");
  const weight = simulator.masses[1]! * 9.81;
  assert.ok(Math.abs(simulator.sensor("weight")[0]! / weight - 1) < 0.01);
  assert.ok(simulator.contacts > 0);
  simulator.reset();
  assert.equal(simulator.time, 0);
  assert.equal(simulator.positions[2], 0.5);
});

test("the camera sees the scene as it is now", async () => {
  using simulator = await openSimulator(XML);
  const camera = lookAt([0, 0, 3], [0, 0, 0], 40, [0, 1, 0]);
  const middle = () => capture(simulator.scene, camera, 33, 33).depth[16 * 33 + 16]!;
  assert.ok(Math.abs(middle() - 2.4) < 1e-3, "the top of the ball");
  simulator.step(3000);
  assert.ok(Math.abs(middle() - 2.76) < 2e-3, "the ball on the plate");
});

test("same controls, same bits; and from a saved state into another simulator, whether looked at or not", async () => {
  using first = await openSimulator(XML);
  using second = await openSimulator(XML);
  drive(first, 700);
  drive(second, 700);
  assert.deepEqual(first.save(), second.save());
  const state = first.save();
  using third = await openSimulator(XML);
  third.restore(state);
  for (let at = 0; at < 500; at++) {
    first.setControls([at % 3]);
    third.setControls([at % 3]);
    first.step();
    third.step();
    if (at % 50 === 0) assert.deepEqual(third.geomRotations, third.geomRotations);
  }
  assert.deepEqual(third.save(), first.save());
  assert.deepEqual(third.geomPositions, first.geomPositions);
  assert.deepEqual(third.sensor("weight"), first.sensor("weight"));
  assert.throws(() => third.restore(state.subarray(1)), /a state of/);
});

test("what is no number, or too many, is refused; what blows up is said, on the first step too", async () => {
  using simulator = await openSimulator(XML);
  const refused = (act: () => void, message: RegExp) =>
    assert.throws(act, (error: Error) => error instanceof UserError && message.test(error.message));
  refused(() => simulator.setControls([Number.NaN]), /controls with NaN at 0/);
  refused(() => simulator.setControls([1, 2]), /2 controls where the model has 1/);
  const { positions, velocities } = simulator;
  refused(() => simulator.setState(positions.fill(Infinity), velocities), /positions with Infinity at 0/);
  simulator.reset();
  const still = simulator.positions;
  refused(() => {
    simulator.setState(still, velocities.fill(1e12));
    simulator.step(3);
  }, /became unstable after 0\.000 s/);
  simulator.reset();
  simulator.step(100);
  refused(() => {
    simulator.setState(still, velocities);
    simulator.step(3);
  }, /became unstable after 0\.2000 s/);
  simulator.reset();
  simulator.step(10);
});

test("a model that is none: one line, with the place", async () => {
  const broken: readonly [string, RegExp][] = [
    ["", /empty file/],
    ["hello", /XML parse error/],
    [XML.slice(0, 700), /XML parse error .*line \d/],
    [XML.replace('size="2 2 .1"', 'size="nan 2 .1"'), /nan size in geom .*floor/],
    [XML.replace("freejoint", "frejoint"), /unrecognized element .*frejoint.*line 8/],
    ['<mujoco><include file="/etc/passwd"/></mujoco>', /Error opening file '\/etc\/passwd'/],
    [
      `<mujoco><worldbody>${"<body>".repeat(2000)}${"</body>".repeat(2000)}</worldbody></mujoco>`,
      /nesting is too deep/,
    ],
  ];
  for (const [xml, message] of broken)
    await assert.rejects(openSimulator(xml), (error: Error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /^the model cannot be simulated: [^\n]*$/);
      assert.match(error.message, message);
      return true;
    });
});

test("another model may make the simulator's memory grow", async () => {
  using small = await openSimulator(XML);
  small.step(20);
  const before = small.save();
  const height = small.positions[2];
  // Of an arena's size, so that memory cannot stay as it is.
  using large = await openSimulator(XML.replace("<mujoco>", '<mujoco><size memory="300M"/>'));
  assert.equal(small.positions[2], height);
  small.setControls([1]);
  small.step();
  assert.ok(small.positions[2]! < height!);
  small.restore(before);
  large.restore(before);
  drive(small, 40);
  drive(large, 40);
  assert.deepEqual(small.save(), large.save());
});

test("what was disposed of cannot be read, and its memory is used again", async () => {
  const simulator = await openSimulator(XML);
  const { positions } = simulator;
  simulator[Symbol.dispose]();
  simulator[Symbol.dispose]();
  assert.equal(positions.length, 8);
  for (const read of [() => simulator.positions, () => simulator.step(), () => simulator.geomPositions])
    assert.throws(read, /disposed of/);
  const open = async () => {
    using one = await openSimulator(XML);
    one.step(10);
  };
  for (let at = 0; at < 10; at++) await open();
  const before = process.memoryUsage().rss;
  for (let at = 0; at < 50; at++) await open();
  assert.ok(process.memoryUsage().rss - before < 20e6);
});
