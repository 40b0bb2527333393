import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, constant, filled, float32, type Tensor, type Traced } from "../../../src/array/index.ts";
import { dino, updateCenter } from "../../../src/objectives/distillation/dino.ts";
import {
  assertFiniteDifferences,
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
} from "../../fixtures/torch/reference.ts";

const temperatures = { teacherTemperature: 0.07, studentTemperature: 0.1 };
const inputs = { views: [0, 1, 2, 3].map((view): Tensor => fill(`view ${view}`, [5, 6])) };
type Views = Traced<typeof inputs>;
const teachers = () => [0, 1].map((view) => constant(fill(`teacher ${view}`, [5, 6])));
const loss = ({ views }: Views) => dino(teachers(), views, constant(fill("center", [6])), temperatures);

test("value, gradient and centre as DINO's code", async () => {
  const expected = await torchCase("clusters", "dino");
  for (const device of ["cpu", "wasm"] as const) {
    const { output, gradients } = await outputAndGradients(loss, inputs, device);
    assertMatches(output, expected.output, `loss on ${device}`);
    assertGradients(gradients, expected);
    const center = await evaluateOne(
      (before: Array) => updateCenter(before, teachers(), { momentum: 0.9 }),
      [fill("center", [6])],
      device,
    );
    assertMatches(center, expected.center, `centre on ${device}`);
  }
  await assertFiniteDifferences(loss, inputs, { step: 3e-3 });
});

test("no gradient flows to the teacher's logits or the centre, as in DINO's code", async () => {
  const given = { teachers: [fill("teacher 0", [5, 6]), fill("teacher 1", [5, 6])], center: fill("center", [6]) };
  const { gradients } = await outputAndGradients(
    ({ teachers, center }: Traced<typeof given>) => dino(teachers, inputs.views.map(constant), center, temperatures),
    given,
  );
  for (const [path, gradient] of gradients)
    assert.ok(
      gradient.data.every((value) => value === 0),
      path,
    );
});

test("worked by hand: views of the same index are skipped, uniform predictions cost log K", async () => {
  const sure = float32([50, 0, 0], [1, 3]);
  const unsure = filled([1, 3], 0);
  const center = filled([3], 0);
  const at = async (students: readonly Tensor[]) => {
    const result = await evaluateOne(
      (x: { students: readonly Array[]; sure: Array; center: Array }) =>
        dino([x.sure], x.students, x.center, { teacherTemperature: 0.04, studentTemperature: 1 }),
      [{ students: [...students], sure, center }],
    );
    return Number(result.data[0]);
  };
  assert.ok(Math.abs((await at([sure, unsure])) - Math.log(3)) < 1e-6);
  assert.ok(Math.abs(await at([unsure, sure])) < 1e-6);
  // A centre as large as the teacher's preference undoes it.
  const undone = await evaluateOne(
    (x: { sure: Array; student: Array }) => dino([x.sure], [x.student, x.student], x.sure, temperatures),
    [{ sure, student: float32([1, 0, 0], [1, 3]) }],
  );
  const total = Math.log(Math.exp(10) + 2);
  assert.ok(Math.abs(Number(undone.data[0]) - (total - 10 / 3)) < 1e-5);
  await assert.rejects(at([sure]), /no two views/);
});

test("sharp temperatures and large logits overflow nothing", async () => {
  const large = {
    views: inputs.views.map((view) =>
      float32(
        Float32Array.from(view.data, (value) => value * 1e3),
        [5, 6],
      ),
    ),
  };
  assert.ok(Number.isFinite((await evaluateOne(loss, [large])).data[0]));
});
