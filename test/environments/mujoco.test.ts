import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openUntrustedModel } from "../../src/environments/mujoco/untrusted.ts";
import { mujoco } from "../../src/environments/mujoco.ts";
import { UserError } from "../../src/foundation/errors.ts";
import { inFolder } from "../support/cli.ts";

const arm = fileURLToPath(new URL("../fixtures/mujoco/arm.xml", import.meta.url));
const open = (options: Record<string, unknown>) => mujoco.make(mujoco.options.parse(options));

test("a model of one's own: controls act, positions and sensors are seen", async () => {
  using world = await open({ model: arm, noise: 0 });
  assert.deepEqual(world.actionSpace, {
    kind: "box",
    shape: [2],
    low: [-2, -1],
    high: [2, 1],
    names: ["shoulder", "control 1"],
  });
  const first = world.reset(0);
  assert.equal(first.state!.length, 9 + 8);
  // Touch, then the fingertip's place: the arm is stretched along x.
  assert.equal(first.sensors!.length, 4);
  for (const [at, value] of [0, 0.58, 0, 0].entries()) assert.ok(Math.abs(first.sensors![at]! - value) < 1e-6);
  const step = world.step(Float32Array.of(0, 1));
  assert.ok(step.observation.state![1]! > 0, "the elbow turns as it is pushed");
  assert.ok(step.observation.sensors![2]! > 0, "and the tip with it");
  assert.equal(step.reward, 0);
  assert.ok(Math.abs(step.info.time! - 0.025) < 1e-12);
});

test("an untrusted model: one line that names it, in time, whatever is in the file", async (context) => {
  await inFolder(async (folder) => {
    const xml = await readFile(arm, "utf8");
    const inside = (content: string) => `<mujoco><worldbody>${content}</worldbody></mujoco>`;
    const hostile: Record<string, [string, RegExp]> = {
      truncated: [xml.slice(0, 900), /XML parse error/],
      empty: ["", /empty file/],
      nan: [xml.replace('size=".05"', 'size="nan"'), /nan|invalid|number/i],
      "unknown element": [xml.replace("<freejoint/>", "<fre_joint/>"), /unrecognized element .*fre_joint/],
      deep: [inside("<body>".repeat(2000) + "</body>".repeat(2000)), /nesting is too deep/],
      include: ['<mujoco><include file="/etc/passwd"/></mujoco>', /Error opening file '\/etc\/passwd'/],
      mesh: ['<mujoco><asset><mesh file="/etc/passwd.stl"/></asset></mujoco>', /passwd/],
      bytes: [String.fromCharCode(...Array.from({ length: 500 }, (_, at) => (at * 7) % 256)), /XML|file/],
      entities: [`<!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>${inside("&b;")}`, /./],
      "replicated 100,000 times": [
        inside('<replicate count="100000" offset="1 0 0"><body><freejoint/><geom size=".1"/></body></replicate>'),
        /too large: compiling it and three steps took more than 5 s/,
      ],
      "memory of 3 GB": [xml.replace("<option", '<size memory="3G"/><option'), /takes more memory than there is/],
      "a height field of 40 GB": [
        '<mujoco><asset><hfield name="h" nrow="100000" ncol="100000" size="1 1 1 1"/></asset></mujoco>',
        /takes more memory than there is/,
      ],
      "no time": [xml.replace('timestep="0.005"', 'timestep="0"'), /timestep must be above 0/],
      "no motor": ["<mujoco/>", /no actuators/],
      explosive: [
        xml
          .replace('<motor joint="elbow"/>', '<motor joint="elbow"/></actuator><keyframe/><actuator>')
          .replace("-.1", "1e300"),
        /./,
      ],
      huge: [`${xml}<!--${"x".repeat(5e6)}-->`, /5\.\d? ?MiB|4\.8 MiB; at most 4 MiB are read/],
    };
    for (const [name, [content, message]] of Object.entries(hostile)) {
      const path = join(folder, `${name}.xml`);
      await writeFile(path, content);
      const begun = performance.now();
      await assert.rejects(
        open({ model: path }),
        (error: Error) => {
          assert.ok(error instanceof UserError, `${name}: ${error.stack}`);
          assert.ok(error.message.startsWith(path) && /^[^\n]+$/.test(error.message), error.message);
          assert.match(error.message.slice(path.length), message, name);
          context.diagnostic(
            `${name}: ${error.message.slice(path.length + 2)} (${Math.round(performance.now() - begun)} ms)`,
          );
          return true;
        },
        name,
      );
    }
    await assert.rejects(open({ model: join(folder, "none.xml") }), /none\.xml/);
    await assert.rejects(open({ model: folder }), /: not a file$/);
    await assert.rejects(open({ model: "/dev/zero" }), /\/dev\/zero: not a file$/);
    await assert.rejects(open({}), /needs the file of a model: --model robot\.xml/);
  });
});

test("after a hostile model a good one opens, in the same process", async () => {
  using simulator = await openUntrustedModel(arm);
  simulator.step(10);
});
