import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Array,
  constant,
  float32,
  int32,
  Rng,
  type Tensor,
  type TreeRecord,
  tree,
} from "../../src/array/index.ts";
import { dilated } from "../../src/encoders/dilated.ts";
import { tsTcc } from "../../src/methods/ts-tcc.ts";
import { evaluate } from "../fixtures/torch/reference.ts";
import { atStart, noEntry, stack } from "./toy.ts";
import { sine, toySeries } from "./toy-time.ts";

const [LENGTH, BATCH, MOMENT] = [16, 4, 3];
const modality = toySeries(LENGTH);
/** A token sees its own step and no other. */
const alone = dilated.build(
  dilated.options.parse({ width: 4, outputDim: 6, depth: 1, kernel: 1, dropout: 0 }),
  modality.specs,
);
const small = { contextDim: 8, contextDepth: 2, contextHeads: 2 };
const build = (options: Readonly<Record<string, unknown>> = {}) =>
  tsTcc.build({ encoder: alone, modality, options: tsTcc.options.parse({ ...small, ...options }), samples: 4 });
const samples = globalThis.Array.from({ length: BATCH }, (_, at) => sine(new Rng(at), LENGTH));

test("the loss reads the past up to the moment and the steps that are predicted, and nothing else", async () => {
  const method = build({ strong: ["flipped"] });
  // As if trained: weights of 0.3, so that contexts differ.
  const params = tree.map<Tensor, Tensor>(method.init(new Rng(1)) as TreeRecord<Tensor>, ({ data, shape }, path) =>
    float32(
      Float32Array.from(data, (value) => (path === "contextToken" ? 0 : /scale|Variance/.test(path) ? 1 : 15 * value)),
      shape,
    ),
  );
  const batch = stack(samples.map((sample, at) => method.views(sample, new Rng(at), noEntry))) as TreeRecord<Tensor>;
  const lossWith = async (from: number, to: number, of: "weak" | "strong") => {
    const { series } = batch[of] as { series: Tensor };
    const other = Float32Array.from(series.data, (value, at) =>
      at % LENGTH >= from && at % LENGTH < to ? 5 - 2 * value : value,
    );
    const moment = int32(new Int32Array(BATCH).fill(MOMENT), [BATCH]);
    const given = { ...batch, moment, [of]: { series: float32(other, series.shape) } };
    const read = await evaluate(
      (traced: TreeRecord<Array>) => {
        const views = tree.map<Tensor, Array>(given, constant) as TreeRecord<Array>;
        return { loss: method.loss(traced as never, views as never, {}, atStart()).loss };
      },
      [params as TreeRecord<Tensor>] as const,
    );
    return Number((read as { loss: Tensor }).loss.data[0]);
  };
  for (const view of ["weak", "strong"] as const) {
    const plain = await lossWith(0, 0, view);
    assert.ok(Number.isFinite(plain));
    // 40 % of 16 steps are six: 4 to 9.
    assert.ok(Math.abs((await lossWith(10, LENGTH, view)) - plain) < 1e-5, "a later step counts");
    for (const at of [0, MOMENT, MOMENT + 1, 9])
      assert.ok(Math.abs((await lossWith(at, at + 1, view)) - plain) > 1e-5, `step ${at} does not count`);
  }
});

test("the views are those that are asked for, or the kind of data's", () => {
  const strongOf = (method: ReturnType<typeof build>) => {
    const { strong, weak } = method.views(samples[0]!, new Rng(0), noEntry) as Record<string, { series: Tensor }>;
    return { strong: [...strong!.series.data], weak: [...weak!.series.data] };
  };
  const plain = [...Float32Array.from(samples[0]!)];
  const near = (values: number[], expected: number[]) =>
    values.forEach((value, at) => {
      assert.ok(Math.abs(value - expected[at]!) < 1e-4);
    });
  const usual = strongOf(build());
  near(usual.weak, plain);
  near(
    usual.strong,
    plain.map((value) => 2 * (value + 100)),
  );
  const asked = strongOf(build({ weak: ["doubled"], strong: ["flipped"] }));
  near(
    asked.weak,
    plain.map((value) => 2 * value),
  );
  near(
    asked.strong,
    plain.map((value) => -value),
  );
  assert.throws(() => build({ strong: ["bent"] }), /ts-tcc: no distortion "bent"; this data has none, raised/);
});

test("too few steps are refused; long sequences are averaged", () => {
  assert.throws(() => build({ mostSteps: 2, future: 0.99, contextDim: 9 }), /cannot be split into 2 heads/);
  const moments = new Set(
    globalThis.Array.from({ length: 50 }, (_, seed) => {
      const { moment } = build({ mostSteps: 4 }).views(samples[0]!, new Rng(seed), noEntry) as { moment: Tensor };
      return moment.data[0]!;
    }),
  );
  // Four steps of four; one is predicted.
  assert.deepEqual([...moments].sort(), [0, 1, 2]);
});
