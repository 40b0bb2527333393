/** VirTex's loss and gradients against PyTorch's, and what its decoders see. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Array,
  constant,
  float32,
  int32,
  np,
  Rng,
  type Tensor,
  type Tree,
  type TreeRecord,
  tree,
} from "../../../../src/array/index.ts";
import type { Offered } from "../../../../src/data/ability.ts";
import type { map } from "../../../../src/encoders/abilities.ts";
import type { Encoder, Inputs } from "../../../../src/encoders/encoder.ts";
import { type DeviceTensor, read } from "../../../../src/engine/index.ts";
import { inReverse } from "../../../../src/modalities/pair/methods/in-reverse.ts";
import { virtex } from "../../../../src/modalities/pair/methods/virtex.ts";
import {
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
  weights,
} from "../../../fixtures/torch/reference.ts";
import { takeSteps } from "../../../methods/checks.ts";
import { atStart, noEntry, stack, toyModality } from "../../../methods/toy.ts";
import { ids, toyText, toyTransformer } from "../../../methods/toy-text.ts";

const VISUAL = 5;
const image = toyModality(3, 2);
const text = toyText();
const modality = {
  ...text,
  name: "pair",
  specs: { ...image.specs, ...text.specs },
  sides: {
    names: ["image", "text"] as const,
    modality: (name: string) => (name === "image" ? image : text),
    samples: (sample: unknown) => [sample],
  },
};

/** The encoder of virtex.py: a matrix times each place of the image, as a map with channels first. */
const encoder = {
  name: "matrix",
  embedDim: VISUAL,
  init: (rng: Rng) => ({ matrix: rng.normals([VISUAL, 3], 1) }),
  apply: () => {
    throw new Error("its representation is not read");
  },
  hidden({ matrix }: { matrix: Array }, { pixels }: Inputs) {
    const places = np.reshape(np.transpose(pixels!, [0, 2, 3, 1]), [-1, 3]);
    const mapped = np.reshape(np.matmul(places, np.transpose(matrix)), [-1, 2, 2, VISUAL]);
    return np.transpose(mapped, [0, 3, 1, 2]);
  },
  map: [VISUAL, 2, 2],
  hyperparameters: {},
} satisfies Encoder & Offered<typeof map>;
const method = virtex.build({
  ...{ encoder, modality, samples: 8 },
  options: virtex.options.parse({ decoderWidth: 128, dropout: 0 }),
});

const batch = {
  pair: {
    pixels: fill("image", [2, 3, 2, 2]),
    ids: int32([2, 7, 5, 9, 3, 0, 2, 6, 10, 3, 0, 0], [2, 6]),
    mask: int32([1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0], [2, 6]),
  },
  reversed: int32([3, 9, 5, 7, 2, 0, 3, 10, 6, 2, 0, 0], [2, 6]),
};
const traced = (given: TreeRecord<Tensor>) => tree.map(given, constant) as TreeRecord<Array>;

test("the loss and every gradient are those of the released code's formula in PyTorch", async () => {
  const expected = await torchCase("virtex", "virtex");
  const params = { p: weights(method.init(new Rng(0))) };
  for (const device of ["cpu", "wasm"] as const) {
    const { output, gradients } = await outputAndGradients(
      ({ p }) => method.loss(p as Parameters<typeof method.loss>[0], traced(batch), {}, atStart()).loss,
      params,
      device,
    );
    assertMatches(output, expected.loss, `loss on ${device}`);
    assertGradients(gradients, { ...expected });
  }
});

test("a caption is read from its end with its padding behind it", () => {
  const ids = int32([2, 7, 5, 9, 3, 0], [6]);
  const mask = int32([1, 1, 1, 1, 1, 0], [6]);
  assert.deepEqual([...inReverse(ids, mask).data], [3, 9, 5, 7, 2, 0]);
});

test("weights pass on as much at any width as the paper's at its own", () => {
  for (const decoderWidth of [64, 256]) {
    const options = virtex.options.parse({ decoderWidth });
    const params = virtex.build({ encoder, modality, samples: 8, options }).init(new Rng(0));
    const leaves = new Map(tree.entries<Tensor>(params));
    for (const path of ["forward.0.cross.q.weight", "forward.0.cross.kv.weight", "backward.0.cross.output.weight"]) {
      const { data, shape } = leaves.get(path)!;
      const squares = Float32Array.from(data).reduce((sum, value) => sum + value * value, 0);
      const gain = Math.sqrt((squares / data.length) * shape[1]!);
      // 0.02 over 2,048 inputs, but for the tails that are cut off.
      assert.ok(Math.abs(gain - 0.02 * Math.sqrt(2048)) < 0.15, `${path} at width ${decoderWidth}: ${gain}`);
    }
  }
});

test("an encoder of the caption itself is refused", () => {
  const reading = toyTransformer({}, text);
  assert.throws(
    () => virtex.build({ encoder: reading, modality, samples: 8, options: virtex.options.parse({}) }),
    /method virtex needs an encoder that keeps a map of its input; try --encoder vit or resnet/,
  );
});

test("no token depends on itself or those after it, and all of them on the image", async () => {
  const params = weights(method.init(new Rng(0)));
  const lossOf = async (changed: { ids?: Tensor; pixels?: Tensor }, mask: Tensor) => {
    const pair = { ...batch.pair, ...changed, mask };
    const { data } = await evaluateOne(
      (p: unknown) =>
        method.loss(p as Parameters<typeof method.loss>[0], traced({ pair, reversed: pair.ids }), {}, atStart()).loss,
      [params] as const,
    );
    return data[0]!;
  };
  // Only the first token after the beginning counts.
  const first = int32([1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0], [2, 6]);
  const whole = await lossOf({}, first);
  assert.equal(await lossOf({ ids: int32([2, 7, 8, 8, 8, 8, 2, 6, 8, 8, 8, 8], [2, 6]) }, first), whole);
  assert.notEqual(await lossOf({ ids: int32([2, 8, 5, 9, 3, 0, 2, 6, 10, 3, 0, 0], [2, 6]) }, first), whole);
  assert.notEqual(await lossOf({ pixels: fill("another", [2, 3, 2, 2]) }, first), whole);
});

test("it learns to name what it sees: the words of the right image, in both directions, and not those of another", async () => {
  const [colours, sizes] = [4, 2];
  /** A caption is the word for a colour and the word for a size: so many of the four places have the colour. */
  const sampleOf = (at: number) => ({ colour: at % colours, size: Math.floor(at / colours) });
  const images = {
    ...toyModality(3, 2),
    tensors(sample: unknown) {
      const { colour, size } = sampleOf(Number(sample));
      const channels = [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
        [1, 1, 0],
      ][colour]!;
      const values = channels.flatMap((value) =>
        globalThis.Array.from({ length: 4 }, (_, cell) => (cell <= 3 * size ? value : 0)),
      );
      return { pixels: float32(Float32Array.from(values), [3, 2, 2]) };
    },
    perturb: (sample: unknown) => Number(sample),
  };
  const words = (sample: unknown) => {
    const { colour, size } = sampleOf(Number(sample));
    return [5 + colour, 9 + size];
  };
  const captions = {
    ...text,
    tensors: (sample: unknown) => text.tensors(words(sample)),
    perturb: (sample: unknown) => Number(sample),
  };
  const pairs = {
    ...modality,
    sides: { ...modality.sides, modality: (name: string) => (name === "image" ? images : captions) },
  };
  const learner = virtex.build({
    ...{ encoder, modality: pairs, samples: 8 },
    options: virtex.options.parse({ decoderWidth: 64, dropout: 0 }),
  });
  const batch = stack(
    globalThis.Array.from({ length: colours * sizes }, (_, at) => learner.views(at, new Rng(at), noEntry)),
  );
  const settings = { steps: 50, learningRate: 3e-3, gradientClip: 1, seed: 1, threads: 1, beta2: 0.99 };
  const { losses, state } = await takeSteps(learner, batch, settings);
  assert.ok(losses.at(-1)! < 0.3 * losses[0]!, `${losses[0]} → ${losses.at(-1)}`);

  const params = await read(state.params as Tree<DeviceTensor>);
  const leaves = new Map(tree.entries<Tensor>(batch));
  const [pixels, captionIds] = [leaves.get("pair.pixels")!, leaves.get("pair.ids")!];
  const written = await evaluateOne(
    (p: unknown, pixels: Array, ids: Array) => {
      const given = p as Parameters<typeof learner.loss>[0];
      return learner.writer!.next(given, ids, learner.writer!.read(given, { pixels }));
    },
    [params, pixels, captionIds] as const,
    "cpu",
  );
  const [, length = 0, size = 0] = written.shape;
  const best = (row: number, place: number) => {
    const logits = written.data.subarray((row * length + place) * size, (row * length + place + 1) * size);
    return logits.indexOf(Math.max(...logits));
  };
  // Chance is a quarter for the colour, which nothing but the image tells, and a half for the size.
  for (let row = 0; row < colours * sizes; row++) {
    assert.deepEqual([best(row, 0), best(row, 1)], words(row), `image ${row}`);
    assert.equal(best(row, 2), ids.end);
  }
});
