import type { Tensor } from "../../array/tensor.ts";
import { offerOf } from "../../data/ability.ts";
import type { ModalityDefinition, RunFiles, Shown, TensorRecord } from "../../data/modality.ts";
import { drawing } from "../../data/picture.ts";
import { normalization, type Sample } from "../../data/views.ts";
import { maskToken, type Vocabulary, vocabulary } from "../../data/vocabulary.ts";
import { boxesInView } from "./boxes.ts";
import type { PairOptions } from "./options.ts";
import { isSide, optionsOf, type PairSample, SIDES, type SideName } from "./pair.ts";

/** Characters of captions shown on pages and in tables. */
const SHOWN = 300;

/** An offer that a kind of data must have to be a side of a pair. */
function needed<Offer>(offer: Offer | undefined, what: string): Offer {
  if (offer === undefined) throw new Error(`pairs need ${what} of their sides`);
  return offer;
}

/** Those of the caption that encoders read: the first. */
function ofCaptions(words: Vocabulary): Vocabulary<PairSample> {
  return {
    ...words,
    tokens: ({ captions: [first] }, rng) => words.tokens(first, rng),
    allTokens: ({ captions: [first] }) => words.allTokens(first),
    byteLength: ({ captions: [first] }) => words.byteLength(first),
  };
}

/** What is built of a side's kind of data. */
export type Buildable = Pick<ModalityDefinition, "options" | "build">;

/**
 * Pairs with their options settled. Pure: it runs in every thread, and in a browser.
 * @param kinds of the sides
 * @throws UserError as these do
 */
export function buildPairs(kinds: Readonly<Record<SideName, Buildable>>, options: PairOptions, files: RunFiles = {}) {
  const built = {
    image: kinds.image.build(optionsOf(kinds.image, options), files),
    text: kinds.text.build(optionsOf(kinds.text, options), files),
  };
  const sideOf = (name: string) => {
    if (isSide(name)) return built[name];
    throw new Error(`pairs have no side ${name}`);
  };
  const sides = {
    names: SIDES,
    modality: sideOf,
    samples: ({ image, captions }: PairSample, name: string): readonly Sample[] =>
      sideOf(name) === built.image ? [image] : captions,
  };
  const words = needed(offerOf(built.text, vocabulary), "a vocabulary");
  const mask = offerOf(built.text, maskToken);
  const pixels = needed(offerOf(built.image, drawing), "drawings");
  return {
    name: "pair",
    specs: { ...built.image.specs, ...built.text.specs },
    tensors: ({ image, captions: [first] }: PairSample): TensorRecord => ({
      ...built.image.tensors(image),
      ...built.text.tensors(first),
    }),
    sides,
    boxes: ({ image, boxes = [] }: PairSample) => boxesInView(boxes, image),
    vocabulary: ofCaptions(words),
    ...(mask === undefined ? {} : { maskToken: mask }),
    normalization: needed(offerOf(built.image, normalization), "normalised values"),
    drawing: { input: pixels.input, draw: (values: Tensor) => pixels.draw(values) },
    async show({ image, captions }: PairSample): Promise<Shown> {
      const [{ picture }, ...texts] = await Promise.all([
        built.image.show(image),
        ...captions.map((caption) => built.text.show(caption)),
      ]);
      const text = texts.map((caption) => caption.text).join(" · ");
      return {
        text: text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text,
        ...(picture === undefined ? {} : { picture }),
      };
    },
  } as const;
}
