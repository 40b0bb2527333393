import type * as z from "zod";
import { int32, Rng, type Tensor, type Traced } from "../../src/array/index.ts";
import type { Modality, maskToken, Offered, sides, vocabulary } from "../../src/data/index.ts";
import type { Method } from "../../src/methods/index.ts";
import { joint } from "../../src/modalities/pair/encoders/joint.ts";
import { evaluateOne, fill, weights } from "../fixtures/torch/reference.ts";
import { toyModality } from "./toy.ts";
import { batch, ids, toyText } from "./toy-text.ts";

/** A toy image, which is a number, with captions that are lists of ids. */
export interface ToyPair {
  readonly image: number;
  readonly captions: readonly (readonly number[])[];
}

const isPair = (sample: unknown): sample is ToyPair =>
  typeof sample === "object" && sample !== null && "image" in sample && "captions" in sample;

const pairOf = (sample: unknown): ToyPair => {
  if (!isPair(sample)) throw new Error("samples of the toy pairs are images with captions");
  return sample;
};

/** Images of 16 × 16 pixels with captions of up to 6 tokens, as `captions.py` has them. */
export function toyPairs({ size = 11, length = 6 } = {}) {
  const image = {
    ...toyModality(3, 16),
    // Each image has a pattern of its own: those of the toy modality are of one colour.
    tensors: (sample: unknown): Record<string, Tensor> => ({ pixels: fill(`image ${String(sample)}`, [3, 16, 16]) }),
    perturb: (sample: unknown, _: Rng) => sample,
  };
  const text = toyText({ size, length });
  const both = { image, text };
  return {
    name: "pair",
    specs: { ...image.specs, ...text.specs },
    tensors(sample: unknown) {
      const { image: picture, captions } = pairOf(sample);
      return { ...image.tensors(picture), ...text.tensors(captions[0]) };
    },
    sides: {
      names: ["image", "text"],
      modality(name: string): Modality {
        if (name === "image" || name === "text") return both[name];
        throw new Error(`no side ${name}`);
      },
      samples: (pair: unknown, name: string): readonly unknown[] =>
        name === "image" ? [pairOf(pair).image] : pairOf(pair).captions,
    },
    vocabulary: text.vocabulary,
    maskToken: ids.mask,
    show: () => ({ text: "toy" }),
  } satisfies Modality & Offered<typeof sides | typeof vocabulary | typeof maskToken>;
}

/** The joint encoder of `captions.py`: width 8, two blocks, two heads, 4 × 4 patches. */
export const toyJoint = (
  options: z.input<typeof joint.options> = {},
  modality: Pick<ReturnType<typeof toyPairs>, "specs" | "vocabulary"> = toyPairs(),
) =>
  joint.build(
    joint.options.parse({ width: 8, depth: 2, heads: 2, mlpRatio: 2, patchSize: 4, ...options }),
    modality.specs,
    modality.vocabulary,
  );

/** The batch that `captions.py`'s cases are about. */
export const pairBatch = () => ({ pixels: fill("pixels", [2, 3, 16, 16]), ...batch });

/** The same of samples that are numbers. */
export function numbered(): ReturnType<typeof toyPairs> {
  const pairs = toyPairs();
  const samples = (pair: unknown, side: string) => (side === "image" ? [pair] : [[5 + (Number(pair) % 4), 9, 7, 6]]);
  return { ...pairs, sides: { ...pairs.sides, samples } };
}

/** The logits of the third word of the first of `pairBatch`, with these ids in place of both captions. */
export function wordLogits(method: Method) {
  const params = weights(method.init(new Rng(0)));
  return async (ids: readonly number[], pixels = pairBatch().pixels): Promise<number[]> => {
    const batch = { pixels, ids: int32([...ids, ...ids], [2, 6]), mask: pairBatch().mask };
    const { data } = await evaluateOne(
      (p: Traced<typeof params>, given: Traced<typeof batch>) => method.tokenLogits!(p, given),
      [params, batch] as const,
    );
    return [...data.slice(2 * 11, 3 * 11)];
  };
}
