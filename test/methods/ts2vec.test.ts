import assert from "node:assert/strict";
import { test } from "node:test";
import { constant, np, Rng, type Tensor, type Traced } from "../../src/array/index.ts";
import { dilated } from "../../src/encoders/dilated.ts";
import { ts2vec } from "../../src/methods/ts2vec.ts";
import { hierarchicalContrast } from "../../src/objectives/contrastive/hierarchical-contrast.ts";
import { evaluate } from "../fixtures/torch/reference.ts";
import { atStart, noEntry, stack } from "./toy.ts";
import { sine, toySeries } from "./toy-time.ts";

const LENGTH = 16;
const modality = toySeries(LENGTH);

/** Convolutions of extent 1: a token sees its own step and no other. */
const alone = dilated.build(
  dilated.options.parse({ width: 4, outputDim: 6, depth: 1, kernel: 1, dropout: 0 }),
  modality.specs,
);
const build = (options: Readonly<Record<string, unknown>>) =>
  ts2vec.build({ encoder: alone, modality, options: ts2vec.options.parse(options), samples: 4 });
const batchOf = (method: ReturnType<typeof build>) =>
  stack(Array.from({ length: 4 }, (_, at) => method.views(sine(new Rng(at), 24), new Rng(at).split("view"), noEntry)));

test("the steps that are compared are the same moments: tokens that see nothing else are equal", async () => {
  for (const options of [
    { hidden: 0 },
    { hidden: 0, extent: 0.5, overlap: 0.25 },
    { hidden: 0, extent: 1, overlap: 1 },
  ]) {
    const method = build(options);
    const batch = batchOf(method);
    const params = method.init(new Rng(0));
    const { series } = (batch.first as { input: { series: Tensor } }).input;
    const long = series.shape[2]!;
    const shared = Math.round((options.overlap ?? 0.5) * LENGTH);
    const { own, same, accuracy } = (await evaluate(
      (given: Traced<typeof params>) => {
        const { loss, metrics } = method.loss(given as never, constantTree(batch) as never, {} as never, atStart());
        const tokens = alone.tokens.encode(given.encoder as never, { series: constant(series) });
        const late = long === shared ? tokens : np.split(tokens, [long - shared], 1)[1]!;
        return { own: loss, same: hierarchicalContrast(late, late), accuracy: metrics!.accuracy! };
      },
      [params] as const,
    )) as Record<string, Tensor>;
    assert.ok(Math.abs(own!.data[0]! - same!.data[0]!) < 1e-5, `${own!.data} and ${same!.data}`);
    assert.equal(accuracy!.data[0], 1);
  }
});

test("half of the steps are hidden, in each segment anew", () => {
  const { first, second } = batchOf(build({})) as Record<string, { hidden: Tensor; input: { series: Tensor } }>;
  assert.deepEqual(first!.input.series.shape, [4, 1, 10]);
  assert.deepEqual(first!.hidden.shape, [4, 10]);
  const share = ({ data }: Tensor) => [...data].reduce((sum, value) => sum + value, 0) / data.length;
  for (const { hidden } of [first!, second!]) assert.ok(share(hidden) > 0.25 && share(hidden) < 0.75);
  assert.notDeepEqual(first!.hidden.data, second!.hidden.data);
});

test("segments that do not fit are refused", () => {
  assert.throws(() => build({ extent: 0.9, overlap: 0.5 }), /ts2vec: two segments of 0.9 that share 0.5 do not fit/);
  assert.throws(() => build({ extent: 0.3, overlap: 0.5 }), /do not fit/);
});

const constantTree = (value: unknown): unknown =>
  value && typeof value === "object" && !("dtype" in value)
    ? Object.fromEntries(Object.entries(value).map(([key, part]) => [key, constantTree(part)]))
    : constant(value as Tensor);
