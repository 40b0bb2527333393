import assert from "node:assert/strict";
import { test } from "node:test";
import { constant, filled, float32, type Traced } from "../../../src/array/index.ts";
import { ibot } from "../../../src/objectives/distillation/ibot.ts";
import {
  assertFiniteDifferences,
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
} from "../../fixtures/torch/reference.ts";

const inputs = { student: fill("student", [3, 4, 6]) };
type Inputs = Traced<typeof inputs>;
const mask = float32([0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0], [3, 4]);
const loss = ({ student }: Inputs) =>
  ibot(constant(fill("teacher", [3, 4, 6])), student, constant(mask), constant(fill("center", [6])), {
    teacherTemperature: 0.07,
    studentTemperature: 0.1,
  });

test("value and gradient as iBOT's code; visible patches and images without a mask count for nothing", async () => {
  const expected = await torchCase("clusters", "ibot");
  for (const device of ["cpu", "wasm"] as const) {
    const { output, gradients } = await outputAndGradients(loss, inputs, device);
    assertMatches(output, expected.output, `loss on ${device}`);
    assertGradients(gradients, expected);
    const gradient = gradients.get("student")!.data;
    mask.data.forEach((masked, patch) => {
      const moved = gradient.slice(patch * 6, patch * 6 + 6).some((value) => value !== 0);
      assert.equal(moved, masked === 1, `patch ${patch}`);
    });
  }
  await assertFiniteDifferences(loss, inputs, { step: 3e-3 });
});

test("a uniform prediction costs log K at every masked patch, and without masks the loss is 0", async () => {
  const at = async (hidden: number) => {
    const result = await evaluateOne(() => {
      const same = constant(filled([2, 3, 5], 0.5));
      const temperatures = { teacherTemperature: 0.07, studentTemperature: 0.1 };
      return ibot(same, same, constant(filled([2, 3], hidden)), constant(filled([5], 0)), temperatures);
    }, []);
    return Number(result.data[0]);
  };
  assert.ok(Math.abs((await at(1)) - Math.log(5)) < 1e-6);
  assert.ok(Math.abs(await at(0)) === 0);
});
