import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, float32, Rng, type Tensor, type TreeRecord } from "../../../../src/array/index.ts";
import { graspOutcome } from "../../../../src/modalities/experience/methods/grasp-outcome.ts";
import { assertMatches, evaluateOne, fill, torchCase, weights } from "../../../fixtures/torch/reference.ts";
import { assertIsTorchs } from "../../../methods/checks.ts";
import { tinyEncoder } from "../../../methods/tiny-encoder.ts";
import { noEntry } from "../../../methods/toy.ts";

const pixels = fill("patches", [5, 1, 2, 3]);
const specs = { pixels: { dtype: "float32", shape: [1, 2, 3] } } as const;
const seen: (Rng | undefined)[] = [];
const modality = {
  name: "patches",
  specs,
  tensors: () => ({ pixels }),
  show: () => ({ text: "" }),
  outcome: {
    ...{ steps: 1, planSize: 3, perPlan: true },
    of(_sample: unknown, rng?: Rng) {
      seen.push(rng);
      return { inputs: { pixels }, plan: float32([0, 0, 0], [3]), succeeded: 1, failed: 0 };
    },
    inputs: () => ({ pixels }),
    plan: () => float32([0, 0, 0], [3]),
  },
};
const build = (options: Record<string, unknown> = {}) =>
  graspOutcome.build({
    ...{ encoder: tinyEncoder(6), modality, samples: 5 },
    options: graspOutcome.options.parse(options),
  });

test("the loss is PyTorch's cross-entropy of the grasps that were tried, its gradients too", () =>
  assertIsTorchs(
    build(),
    "outcome",
    { inputs: { pixels }, succeeded: float32([1, 0, 0, 1, 0], [5]) },
    { file: "grasp" },
  ));

test("a grasp is judged by its patch, or by the mean over the patch and its mirror images", async () => {
  const expected = await torchCase("grasp", "judged");
  for (const [symmetric, name] of [
    [false, "alone"],
    [true, "symmetric"],
  ] as const) {
    const method = build({ symmetric });
    const params = weights(method.init(new Rng(0)));
    for (const device of ["cpu", "wasm"] as const) {
      const judge = (given: TreeRecord<Array>, image: Array, plans: Array) =>
        method.succeeds!(given as never, { pixels: image }, plans);
      const plans = fill("plans", [5, 3]);
      const judged = await evaluateOne(judge, [params as TreeRecord<Tensor>, pixels, plans] as const, device);
      assertMatches(judged, expected[name], name);
    }
  }
});

test("views are distorted by the sample's generator, and their target is the robot's own", () => {
  const rng = new Rng(3);
  const views = build().views(0, rng, noEntry);
  assert.equal(seen.at(-1), rng);
  assert.deepEqual(views.succeeded, float32([1], []));
});

test("an image that is the same for all grasps is refused", () => {
  const whole = { ...modality, outcome: { ...modality.outcome, perPlan: false } };
  const options = graspOutcome.options.parse({});
  const built = () => graspOutcome.build({ encoder: tinyEncoder(6), modality: whole, samples: 5, options });
  assert.throws(built, /--patch says how large/);
});
