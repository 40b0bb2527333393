import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, constant, float32, int32, type Tensor, type Traced } from "../../src/array/index.ts";
import { inBatchAccuracy } from "../../src/objectives/contrastive/in-batch-contrast.ts";
import { infoNceAccuracy } from "../../src/objectives/contrastive/info-nce.ts";
import { embeddingDeviation } from "../../src/objectives/parts/deviation.ts";
import * as objectives from "../../src/objectives/public.ts";
import { assertMatches, evaluateOne, fill, outputAndGradients, torchCase } from "../fixtures/torch/reference.ts";
import { comparing } from "./checks.ts";

const {
  barlowTwins,
  dcl,
  dclw,
  infoNce,
  instanceDiscrimination,
  lejepa,
  mocoV3,
  negativeCosine,
  nnclr,
  sigreg,
  vicreg,
} = objectives;

const equalsTorch = comparing("joint");

const pair = (rows: number) => ({ first: fill("first", [rows, 6]), second: fill("second", [rows, 6]) });

for (const temperature of [0.2, 0.5]) {
  equalsTorch(`dcl ${temperature}`, pair(5), ({ first, second }) => dcl(first, second, { temperature }));
  equalsTorch(`dclw ${temperature}`, pair(5), ({ first, second }) => dclw(first, second, { temperature, sigma: 0.7 }));
}
for (const lambda of [0.0051, 0.5])
  equalsTorch(`barlowTwins ${lambda}`, pair(8), ({ first, second }) => barlowTwins(first, second, { lambda }));
equalsTorch("vicreg paper", pair(8), ({ first, second }) =>
  vicreg(first, second, { invariance: 25, variance: 25, covariance: 1 }),
);
equalsTorch("vicreg odd", pair(8), ({ first, second }) =>
  vicreg(first, second, { invariance: 2, variance: 3, covariance: 7 }),
);
equalsTorch("negativeCosine", pair(5), ({ first, second }) => negativeCosine(first, second));
equalsTorch("infoNce", { ...pair(5), queue: fill("queue", [7, 6]) }, ({ first, second, queue }) =>
  infoNce(first, second, queue, { temperature: 0.2 }),
);
equalsTorch(
  "mocoV3",
  { q0: fill("q0", [5, 6]), q1: fill("q1", [5, 6]), k0: fill("k0", [5, 6]), k1: fill("k1", [5, 6]) },
  ({ q0, q1, k0, k1 }) => mocoV3(q0, q1, k0, k1, { temperature: 0.3 }),
);
equalsTorch("nnclr", pair(5), ({ first, second }) => nnclr(first, second, { temperature: 0.1 }));
equalsTorch("instanceDiscrimination", { first: fill("first", [5, 6]), bank: fill("bank", [9, 6]) }, ({ first, bank }) =>
  instanceDiscrimination(first, bank, constant(int32([8, 0, 3, 3, 5], [5])), { temperature: 0.2 }),
);
const sliced = { first: fill("first", [8, 6]), slices: fill("slices", [4, 6]) };
equalsTorch("sigreg 17 knots to 3", sliced, ({ first, slices }) => sigreg(first, slices));
equalsTorch("sigreg 9 knots to 5", sliced, ({ first, slices }) => sigreg(first, slices, { knots: 9, limit: 5 }));
equalsTorch(
  "lejepa",
  {
    view0: fill("view 0", [8, 6]),
    view1: fill("view 1", [8, 6]),
    view2: fill("view 2", [8, 6]),
    slices: fill("slices", [4, 6]),
  },
  ({ view0, view1, view2, slices }) => lejepa([view0, view1, view2], slices, { lambda: 0.05 }),
);

test("shares that are right, and the spread of embeddings, as PyTorch's", async () => {
  const views = pair(5);
  type Views = Traced<typeof views>;
  for (const device of ["cpu", "wasm"] as const) {
    const ofQueue = ({ first, second }: Views, queue: Array) => infoNceAccuracy(first, second, queue);
    const queued = await evaluateOne(ofQueue, [views, fill("queue", [7, 6])] as const, device);
    assertMatches(queued, (await torchCase("joint", "infoNce")).accuracy, "accuracy over a queue");
    const inBatch = await evaluateOne(({ first, second }: Views) => inBatchAccuracy(first, second), [views], device);
    assertMatches(inBatch, (await torchCase("joint", "nnclr")).accuracy, "accuracy within a batch");
    const spread = await evaluateOne((z: Array) => embeddingDeviation(z), [fill("first", [8, 6])] as const, device);
    assertMatches(spread, (await torchCase("joint", "deviation")).output, "deviation");
  }
});

/** The loss of two constant batches. */
const valueOf = async (loss: (a: Array, b: Array) => Array, a: Tensor, b: Tensor) =>
  Number((await evaluateOne(loss, [a, b] as const, "cpu")).data[0]);
const near = (value: number, expected: number, tolerance = 1e-5) =>
  assert.ok(Math.abs(value - expected) <= tolerance, `${value}, not ${expected}`);

/** Two samples along two axes. */
const axes = float32([1, 0, 0, 1], [2, 2]);
/** Four samples whose two features are uncorrelated, each ±1. */
const square = float32([1, 1, 1, -1, -1, 1, -1, -1], [4, 2]);
const alike = (rows: number) => float32(new Float32Array(2 * rows).fill(1), [rows, 2]);

test("orthogonal samples in perfect agreement give the values worked out by hand", async () => {
  // One positive at similarity 1; the two rows of the other sample at 0: −1/T + ln 2.
  near(await valueOf((a, b) => dcl(a, b, { temperature: 0.5 }), axes, axes), -2 + Math.log(2));
  // Equal similarities make equal weights: 2 − 2 · 1/2 = 1.
  near(await valueOf((a, b) => dclw(a, b, { temperature: 0.5, sigma: 0.5 }), axes, axes), -2 + Math.log(2));
  near(await valueOf((a, b) => negativeCosine(a, b), axes, axes), -1);
  // A key at 1 against two in the queue at 0 and 1.
  near(await valueOf((a, q) => infoNce(a, a, q, { temperature: 1 }), axes, axes), Math.log(2 * Math.E + 1) - 1);
  const oneOfTwo = Math.log(Math.exp(4) + 1) - 4;
  near(await valueOf((a, b) => nnclr(a, b, { temperature: 0.25 }), axes, axes), oneOfTwo);
  near(await valueOf((a, b) => mocoV3(a, b, a, b, { temperature: 0.25 }), axes, axes), 2 * 2 * 0.25 * oneOfTwo);
  const discriminate = (a: Array, bank: Array) =>
    instanceDiscrimination(a, bank, constant(int32([0, 1], [2])), { temperature: 0.25 });
  near(await valueOf(discriminate, axes, axes), oneOfTwo);
  near(await valueOf((a, b) => barlowTwins(a, b, { lambda: 1 }), square, square), 0, 1e-6);
  // Unbiased variances of 4/3 exceed 1, covariances are 0.
  near(await valueOf((a, b) => vicreg(a, b, { invariance: 25, variance: 25, covariance: 1 }), square, square), 0);
});

test("a collapsed batch is at chance, and regularisers see it", async () => {
  const n = 4;
  const rows = alike(n);
  near(await valueOf((a, b) => nnclr(a, b, { temperature: 0.1 }), rows, rows), Math.log(n));
  near(
    await valueOf((a, b) => infoNce(a, a, b, { temperature: 1 }), axes, float32([1, 0], [1, 2])),
    (Math.LN2 + Math.log(1 + 1 / Math.E)) / 2,
  );
  assert.equal(await valueOf((a, b) => inBatchAccuracy(a, b), rows, rows), 0);
  near(await valueOf((a) => embeddingDeviation(a), rows, rows), 0);
  // Correlations of features that do not vary are 0: one for each on the diagonal.
  near(await valueOf((a, b) => barlowTwins(a, b, { lambda: 0.5 }), rows, rows), 2);
  // Deviations of √1e-4 for both views.
  near(await valueOf((a, b) => vicreg(a, b, { invariance: 1, variance: 25, covariance: 1 }), rows, rows), 25 * 0.99);
  // All at one point: |e^(it·x) − g|² = 1 + g² − 2g·cos(tx), which for x = 0 is (1 − g)²; here by finer trapezia.
  const zeros = float32(new Float32Array(8), [4, 2]);
  let integral = 0;
  for (let t = 0; t < 3; t += 3 / 16)
    for (const [at, weight] of [
      [t, 0.5],
      [t + 3 / 16, 0.5],
    ] as const)
      integral += ((2 * 3) / 16) * weight * (1 - Math.exp((-at * at) / 2)) ** 2 * Math.exp((-at * at) / 2);
  near(await valueOf((z, slices) => sigreg(z, slices), zeros, axes), n * integral);
});

test("SIGReg distinguishes a normal sample from others; the length of its slices does not matter", async () => {
  const rows = 256;
  // Half the sum of twelve numbers uniform in ±1 is close to a standard normal.
  const uniform = [...fill("sums", [rows * 2, 12]).data];
  const columns = globalThis.Array.from({ length: rows * 2 }, (_, at) => uniform.slice(12 * at, 12 * at + 12));
  const normal = float32(
    columns.map((twelve) => 0.5 * twelve.reduce((sum, value) => sum + value, 0)),
    [rows, 2],
  );
  const corners = float32(
    columns.map(([one = 0]) => 3 * Math.sign(one)),
    [rows, 2],
  );
  const slices = float32([1, 0, 0, 1, 1, 1], [3, 2]);
  const longer = float32([10, 0, 0, 0.1, 3, 3], [3, 2]);
  const ofNormal = await valueOf((z, a) => sigreg(z, a), normal, slices);
  const ofRing = await valueOf((z, a) => sigreg(z, a), corners, slices);
  assert.ok(ofNormal < 2 && ofRing > 20, `normal ${ofNormal}, four corners ${ofRing}`);
  near(await valueOf((z, a) => sigreg(z, a), normal, longer), ofNormal, 1e-4);
});

test("gradients are finite where embeddings collapse or vanish", async () => {
  for (const rows of [alike(4), float32(new Float32Array(8), [4, 2])])
    for (const [name, loss] of Object.entries({
      barlowTwins: (a: Array, b: Array) => barlowTwins(a, b, { lambda: 0.01 }),
      vicreg: (a: Array, b: Array) => vicreg(a, b, { invariance: 25, variance: 25, covariance: 1 }),
      negativeCosine: (a: Array, b: Array) => negativeCosine(a, b),
      nnclr: (a: Array, b: Array) => nnclr(a, b, { temperature: 0.1 }),
      deviation: (a: Array) => embeddingDeviation(a),
    })) {
      const { gradients } = await outputAndGradients(({ a, b }: { a: Array; b: Array }) => loss(a, b), {
        a: rows,
        b: rows,
      });
      for (const { data } of gradients.values()) assert.ok(data.every(Number.isFinite), name);
    }
});

test("DCL and DCLW do not depend on the rows' lengths, nor on which view is the first", async () => {
  const { first, second } = pair(5);
  const longer = ({ shape, data }: Tensor) =>
    float32(
      Float32Array.from(data, (value, at) => value * (1 + Math.floor(at / 6))),
      shape,
    );
  const losses = { dcl, dclw } as const;
  for (const [name, loss] of Object.entries(losses)) {
    const of = async (inputs: ReturnType<typeof pair>) => {
      const value = (given: Traced<typeof inputs>) => loss(given.first, given.second, { temperature: 0.2, sigma: 0.5 });
      return (await evaluateOne(value, [inputs])).data[0]!;
    };
    const expected = await of({ first, second });
    const others = [
      { first: longer(first), second: longer(second) },
      { first: second, second: first },
    ];
    for (const inputs of others) assert.ok(Math.abs((await of(inputs)) - expected) < 1e-5, name);
  }
});
