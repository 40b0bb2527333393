import assert from "node:assert/strict";
import { test } from "node:test";
import type * as z from "zod";
import { type Array, Rng, type Tensor, type Traced, tree } from "../../src/array/index.ts";
import type { InitialParams, Params } from "../../src/encoders/encoder.ts";
import { resnet } from "../../src/encoders/resnet.ts";
import { inTraining, isStatistic } from "../../src/layers/scope.ts";
import {
  assertGradients,
  assertMatches,
  evaluate,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
  weights,
  ZeroRng,
} from "../fixtures/torch/reference.ts";

const build = (options: z.input<typeof resnet.options>, size: number) =>
  resnet.build(resnet.options.parse(options), { pixels: { dtype: "float32", shape: [3, size, size] } });

const trainedValues = (params: InitialParams): number =>
  tree
    .entries<Tensor>(params)
    .filter(([path]) => !isStatistic(path))
    .reduce((sum, [, leaf]) => sum + leaf.data.length, 0);

// torchvision's resnet18, 34 and 50 without `fc`.
for (const [layers, expected, embedDim] of [
  ["18", 11_176_512, 512],
  ["34", 21_284_672, 512],
  ["50", 23_508_032, 2048],
] as const)
  test(`resnet${layers} has torchvision's ${expected} parameters`, async () => {
    const network = build({ layers }, 224);
    assert.equal(network.embedDim, embedDim);
    assert.equal(trainedValues(network.init(new ZeroRng())), expected);
    assert.deepEqual((await torchCase("models", "parameters"))[`resnet${layers}`], [expected]);
  });

test("of clips it is torchvision's r3d_18 with 33,166,272 parameters, and its stem leaves time as it is", () => {
  const network = resnet.build(resnet.options.parse({ layers: "18", stem: "imagenet" }), {
    pixels: { dtype: "float32", shape: [3, 16, 112, 112] },
  });
  // Without `fc`, which has 512 × 400 + 400 of the published 33,371,472.
  assert.equal(trainedValues(network.init(new ZeroRng())), 33_166_272);
  assert.deepEqual(network.map, [512, 2, 7, 7]);
});

test("of a series it is one-dimensional: as of an image one pixel wide", async () => {
  const options = { layers: "10", width: 4, stem: "imagenet" } as const;
  const [line, plane] = [[96], [96, 1]].map((extents) =>
    resnet.build(resnet.options.parse(options), { series: { dtype: "float32", shape: [3, ...extents] } }),
  ) as [ReturnType<typeof build>, ReturnType<typeof build>];
  assert.deepEqual(line.map, [32, 3]);
  const flat = weights(line.init(new Rng(0)));
  // Its kernels in the middle columns of the plane's.
  const widened = (leaf: Tensor): Tensor => {
    const [output = 1, input = 1, extent = 1] = leaf.shape;
    if (leaf.shape.length !== 3) return leaf;
    const data = new Float32Array(output * input * extent * extent);
    leaf.data.forEach((value, at) => {
      data[at * extent + (extent - 1) / 2] = value;
    });
    return { dtype: "float32", shape: [output, input, extent, extent], data };
  };
  const wide = { p: tree.map<Tensor, Tensor>(flat, widened) };
  const of = async (network: typeof line, params: InitialParams, shape: readonly number[]) =>
    evaluateOne(
      ({ p }: Traced<{ p: InitialParams }>, series: Array) => network.apply(p, { series }),
      [{ p: params }, fill("series", shape)] as const,
      "cpu",
    );
  const [one, other] = [await of(line, flat, [2, 3, 96]), await of(plane, wide.p as InitialParams, [2, 3, 96, 1])];
  assert.ok(one.data.some((value) => Math.abs(value) > 1e-3));
  one.data.forEach((value, at) => {
    assert.ok(Math.abs(value - other.data[at]!) < 1e-4 * Math.max(1, Math.abs(value)), `${value}, ${other.data[at]}`);
  });
});

for (const [file, name, options, extents] of [
  ["models", "resnet10 small", { layers: "10", width: 3 }, [16, 16]],
  ["models", "resnet10 stride2", { layers: "10", width: 3, stem: "stride2" }, [24, 24]],
  ["models", "resnet18 imagenet", { layers: "18", width: 2, stem: "imagenet" }, [64, 64]],
  ["models", "resnet50 small", { layers: "50", width: 2, stem: "small" }, [16, 16]],
  ["clips", "r3d", { layers: "8", width: 3, stem: "imagenet" }, [6, 12, 12]],
] as const)
  test(`${name}: output, running statistics and every gradient as torchvision's blocks`, async () => {
    const expected = await torchCase(file, name);
    const network = resnet.build(resnet.options.parse(options), {
      pixels: { dtype: "float32", shape: [3, ...extents] },
    });
    const pixels = fill("pixels", [4, 3, ...extents]);
    const inputs = { p: weights(network.init(new Rng(0))) };
    const forward = (params: Params, given: Array) => network.apply(params, { pixels: given });
    assertMatches(await evaluateOne(forward, [inputs.p, pixels] as const, "cpu"), expected.evaluated, "evaluated");

    const both = { ...inputs, pixels };
    const { output, gradients } = await outputAndGradients(
      ({ p, pixels }: Traced<typeof both>) => inTraining(undefined, () => forward(p, pixels)).result,
      both,
      "cpu",
    );
    assertMatches(output, expected.output, "output", 1e-4);
    gradients.delete("pixels");
    // Dozens of BatchNorms over a handful of values each: float32 keeps three digits or so.
    assertGradients(gradients, expected, 2e-3);

    const statistics = await evaluate(
      (params: Params, given: Array) => {
        const updated = inTraining(undefined, () => forward(params, given)).statistics;
        return Object.fromEntries(
          tree
            .entries<Array>(params)
            .flatMap(([path, leaf]) => (updated.has(leaf) ? [[path, updated.get(leaf)!]] : [])),
        );
      },
      [inputs.p, pixels] as const,
      "cpu",
    );
    const byPath = new Map(Object.entries(statistics)) as Map<string, Tensor>;
    assert.deepEqual([...byPath.keys()], tree.paths(inputs.p).filter(isStatistic));
    assertMatches(byPath.get("stem.norm.runningMean")!, expected["stem mean"], "stem mean");
    assertMatches(byPath.get("stem.norm.runningVariance")!, expected["stem variance"], "stem variance");
  });

test("both engines agree on a whole ResNet", async () => {
  const network = build({ layers: "10", width: 4 }, 8);
  const args = [network.init(new Rng(1)), fill("pixels", [2, 3, 8, 8])] as const;
  const forward = (params: Params, pixels: Array) => network.apply(params, { pixels });
  const cpu = await evaluateOne(forward, args, "cpu");
  const wasm = await evaluateOne(forward, args, "wasm");
  assert.deepEqual(cpu.shape, [2, network.embedDim]);
  cpu.data.forEach((value, index) => {
    assert.ok(Math.abs(value - wasm.data[index]!) < 1e-4 * Math.max(1, Math.abs(value)));
  });
});

test("the stem follows the image size; the last map and the representation have the documented shapes", async () => {
  for (const [size, stem, side] of [
    [32, "small", 4],
    [64, "small", 8],
    [96, "imagenet", 3],
  ] as const) {
    const network = build({ layers: "10", width: 2 }, size);
    assert.equal(network.hyperparameters.stem, stem);
    const hidden = await evaluateOne(
      (params: Params, pixels: Array) => network.hidden(params, { pixels }),
      [network.init(new Rng(0)), fill("pixels", [1, 3, size, size])] as const,
      "cpu",
    );
    assert.deepEqual(hidden.shape, [1, 16, side, side]);
  }
});

test("with zeroInit every block's last scale starts at 0, and no other", () => {
  const params = build({ layers: "18", width: 2, zeroInit: true }, 32).init(new Rng(0));
  for (const [path, leaf] of tree.entries<Tensor>(params))
    if (path.endsWith(".scale")) assert.equal(leaf.data[0], path.includes("path.1") ? 0 : 1, path);
});

test("convolutions start with He's deviation over the fan-out, and by seed", () => {
  const params = build({ layers: "18", width: 16 }, 32).init(new Rng(3));
  const [, kernel] = tree.entries<Tensor>(params).find(([path]) => path === "stages.3.0.path.0.conv.weight")!;
  const deviation = Math.hypot(...Float32Array.from(kernel.data).subarray(0, 50_000)) / Math.sqrt(50_000);
  assert.ok(Math.abs(deviation / Math.sqrt(2 / (128 * 9)) - 1) < 0.02, `${deviation}`);
  const again = build({ layers: "10", width: 2 }, 32);
  assert.deepEqual(again.init(new Rng(3)), again.init(new Rng(3)));
  assert.notDeepEqual(again.init(new Rng(3)), again.init(new Rng(4)));
});

test("data without pixels are refused", () => {
  assert.throws(() => resnet.build(resnet.options.parse({}), {}), {
    name: "UserError",
    message: /reads one tensor of channels and 1 to 3 axes, such as pixels; this data has none/,
  });
});
