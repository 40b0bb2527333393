/** Methods of patches on grids of one, two and three axes: series, spectrograms and videos. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { float32, Rng, sizeOf, type Tensor, type TreeRecord, tree } from "../../src/array/index.ts";
import type { augment, CropOptions, crop, Modality, normalization, Offered, perturb } from "../../src/data/index.ts";
import { vit } from "../../src/encoders/vit.ts";
import { methods } from "../../src/methods/index.ts";
import type { Method } from "../../src/methods/method.ts";
import { look } from "./checks.ts";
import { descend, tenSteps } from "./crops.ts";
import { noEntry, stack } from "./toy.ts";

interface Kind {
  readonly input: string;
  readonly shape: readonly [channels: number, ...extents: number[]];
  readonly patchSize: number | number[];
  readonly grid: readonly number[];
}
const kinds: Readonly<Record<string, Kind>> = {
  series: { input: "values", shape: [2, 64], patchSize: 4, grid: [16] },
  spectrogram: { input: "mel", shape: [1, 8, 32], patchSize: [4, 2], grid: [2, 16] },
  video: { input: "frames", shape: [3, 4, 8, 12], patchSize: [2, 2, 2], grid: [2, 4, 6] },
};

/** Smooth waves, one for each sample; a sample is a number, or a crop of one with its own extents. */
function wavesOf({ input, shape }: Kind) {
  const [channels, ...extents] = shape;
  type View = { readonly phase: number; readonly extents: readonly number[] };
  const viewOf = (sample: unknown): View =>
    typeof sample === "number" ? { phase: sample, extents } : (sample as View);
  return {
    name: "waves",
    specs: { [input]: { dtype: "float32", shape } },
    normalization: { mean: [0.1, 0.2, 0.3].slice(0, channels), std: [1, 2, 3].slice(0, channels) },
    tensors(sample: unknown) {
      const view = viewOf(sample);
      const size = [channels, ...view.extents];
      const values = Float32Array.from({ length: sizeOf(size) }, (_, at) =>
        Math.sin(view.phase * 2 + at * (0.3 + 0.1 * view.phase)),
      );
      return { [input]: float32(values, size) };
    },
    augment: (sample: unknown, rng: Rng) => ({ ...viewOf(sample), phase: viewOf(sample).phase + rng.uniform() }),
    perturb: (sample: unknown, rng: Rng) => ({ ...viewOf(sample), phase: viewOf(sample).phase + 0.1 * rng.uniform() }),
    crop(sample: unknown, rng: Rng, { extent, grid = [] }: CropOptions) {
      const sides = extents.map((whole, axis) => {
        const unit = whole / (grid[axis] ?? whole);
        return unit * Math.max(1, Math.round((extent * whole) / unit));
      });
      return { phase: viewOf(sample).phase + rng.uniform(), extents: sides };
    },
    show: () => ({ text: "waves" }),
  } satisfies Modality & Offered<typeof augment | typeof perturb | typeof crop | typeof normalization>;
}

const narrow: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  mae: { decoderWidth: 12, decoderDepth: 1, decoderHeads: 2 },
  simmim: { maskSize: 2, maskRatio: 0.5 },
  "i-jepa": { predictorWidth: 12, predictorDepth: 1, predictorHeads: 2, momentum: 0.9, contextRatio: 0.2 },
  data2vec: { topBlocks: 2, momentum: 0.9, finalMomentum: 0.9 },
  beit: {},
  aim: { headWidth: 12, headDepth: 1 },
  "vq-autoencoder": { codes: 8, codeDim: 4, decoderWidth: 12, decoderDepth: 1, decoderHeads: 2 },
  "denoising-autoencoder": { decoderWidth: 4 },
  ibot: { prototypes: 8, hiddenDim: 8, bottleneckDim: 4, localCrops: 1, localSide: 0.5, frozenPrototypes: 0 },
  dinov2: { prototypes: 8, hiddenDim: 8, bottleneckDim: 4, localCrops: 1, localSide: 0.5, frozenPrototypes: 0 },
  msn: { prototypes: 8, hiddenDim: 8, projectionDim: 4, localCrops: 1, localSide: 0.5 },
};
const readsClass = new Set(["ibot", "dinov2", "msn"]);

const encoderOf = ({ input, shape, patchSize }: Kind, pooling: "class" | "mean", positions: "learned" | "sincos") =>
  vit.build(vit.options.parse({ width: 12, depth: 2, heads: 2, mlpRatio: 2, patchSize, pooling, positions }), {
    [input]: { dtype: "float32", shape },
  });

async function build(name: string, kind: Kind, options: Readonly<Record<string, unknown>> = {}): Promise<Method> {
  const definition = await methods.load(name);
  const isClass = readsClass.has(name);
  const encoder = encoderOf(kind, isClass ? "class" : "mean", isClass ? "learned" : "sincos");
  assert.deepEqual(encoder.patches?.grid, kind.grid);
  const codes = await methods.load("vq-autoencoder");
  const codesOptions = codes.options.parse(narrow["vq-autoencoder"]);
  const context = { encoder, modality: wavesOf(kind), samples: 4 };
  const tokenizer = () => codes.build({ ...context, options: codesOptions }).init(new Rng(9));
  const runs = {
    visualTokenizer: { path: "codes", method: codes.name, options: codesOptions, encoder, params: tokenizer() },
  };
  return definition.build({
    ...context,
    options: definition.options.parse({ ...narrow[name], ...options }),
    ...(name === "beit" ? { runs } : {}),
  });
}

const batchOf = (method: Method): TreeRecord<Tensor> =>
  stack([1, 2, 3, 4].map((sample) => method.views(sample, new Rng(sample), noEntry)));

/** Two axes are what images have; the oblong grid is for masks whose shape follows it. */
const oblong = new Set(["mae", "i-jepa", "denoising-autoencoder"]);

for (const name of Object.keys(narrow))
  for (const [title, kind] of Object.entries(kinds).filter(([other]) => other !== "spectrogram" || oblong.has(name)))
    test(`${name} on a ${title}: ten steps move every parameter and lower the loss, what it shows has the input's shape`, async () => {
      const method = await build(name, kind);
      const batch = batchOf(method);
      const params = method.init(new Rng(0));
      const settings = { params, progress: tenSteps, learningRate: 0.01, optimizer: "adamw" } as const;
      const left = await descend(method, batch, settings);
      const losses = left.map(({ loss }) => loss);
      assert.ok(losses.every(Number.isFinite) && Math.min(...losses.slice(-3)) < losses[0]!, `${losses}`);
      for (const [path, { data }] of tree.entries<Tensor>(params))
        assert.notDeepEqual(left.at(-1)!.state.get(`params.${path}`)!.data, data, path);

      if (!method.look) return;
      for (const [what, { shape, data }] of Object.entries(await look(method, batch))) {
        assert.deepEqual(shape, [4, ...kind.shape], what);
        assert.ok(data.every(Number.isFinite), what);
      }
    });

test("the requested number of patches is masked and kept, on every kind of grid", async () => {
  for (const kind of Object.values(kinds)) {
    const count = sizeOf(kind.grid);
    const leaves = async (name: string, seed: number) => {
      const method = await build(name, kind);
      return new Map(tree.entries<Tensor>(method.views(1, new Rng(seed), noEntry)));
    };
    for (let seed = 0; seed < 5; seed++) {
      const different = (places: Tensor) => {
        const chosen = new Set(places.data);
        assert.equal(chosen.size, places.data.length);
        assert.ok(places.data.every((place) => Number.isInteger(place) && place >= 0 && place < count));
        return chosen.size;
      };
      assert.equal(different((await leaves("mae", seed)).get("keep")!), Math.round(count / 4));
      assert.equal(different((await leaves("data2vec", seed)).get("hidden.places")!), Math.round(0.6 * count));
      assert.equal(different((await leaves("beit", seed)).get("hidden")!), Math.round(0.4 * count));
      const cells = sizeOf(kind.grid.map((extent) => extent / 2));
      assert.equal(
        different((await leaves("simmim", seed)).get("hidden")!),
        Math.ceil(0.5 * cells) * 2 ** kind.grid.length,
      );
      const jepa = await leaves("i-jepa", seed);
      assert.equal(different(jepa.get("context")!), Math.round(0.2 * count));
      const asked = new Set(jepa.get("targets")!.data);
      assert.ok(jepa.get("context")!.data.every((place) => !asked.has(place)));
    }
  }
});

test("masks that do not tile the grid are refused, on any number of axes", async () => {
  const { series } = kinds;
  const definition = await methods.load("simmim");
  const encoder = encoderOf(series!, "mean", "sincos");
  const options = definition.options.parse({ maskSize: 3 });
  assert.throws(() => definition.build({ encoder, modality: wavesOf(series!), options, samples: 4 }), {
    name: "UserError",
    message: /squares of 3 patches a side do not tile 16; change --mask-size/,
  });
});

for (const [name, options, keep] of [
  ["mae", { masks: "tube", maskRatio: 0.9 }, "keep"],
  ["i-jepa", { throughTime: true }, "context"],
] as const)
  test(`${name} with masks through time: the same places of every slice are seen, and the loss falls`, async () => {
    const kind = kinds.video!;
    const method = await build(name, kind, options);
    const places = tree.entries<Tensor>(method.views(1, new Rng(4), noEntry)).find(([path]) => path === keep)![1].data;
    const inSlice = sizeOf(kind.grid.slice(1));
    const slices = Map.groupBy(places, (place) => Math.floor(place / inSlice));
    assert.equal(slices.size, kind.grid[0]);
    const [first = [], ...others] = [...slices].map(([at, seen]) => seen.map((place) => place - at * inSlice));
    for (const other of others) assert.deepEqual(other, first);
    const params = method.init(new Rng(0));
    const left = await descend(method, batchOf(method), {
      params,
      progress: tenSteps,
      learningRate: 0.01,
      optimizer: "adamw",
    });
    assert.ok(left.at(-1)!.loss < left[0]!.loss, `${left.map(({ loss }) => loss)}`);
  });

test("masks through time need several axes", async () => {
  for (const [name, options] of [
    ["mae", { masks: "tube" }],
    ["i-jepa", { throughTime: true }],
  ] as const)
    await assert.rejects(build(name, kinds.series!, options), /this input has one axis/);
});
