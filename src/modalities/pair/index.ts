import { modality } from "../../data/modality.ts";
import { drawing } from "../../data/picture.ts";
import { sides } from "../../data/sides.ts";
import { normalization } from "../../data/views.ts";
import { maskToken, vocabulary } from "../../data/vocabulary.ts";
import { boxes } from "./abilities.ts";
import { buildPairs } from "./build.ts";
import { inferPairs } from "./infer.ts";
import { kinds } from "./kinds.ts";
import { learnCaptions } from "./learn.ts";
import { smallPairs } from "./methods/small.ts";
import { PairOptions } from "./options.ts";
import { isSide, optionsOf, SIDES } from "./pair.ts";
import { openPairs, recognisesPairs } from "./sources/open.ts";
import { reopenPairs, trainingPairs } from "./sources/source.ts";

/** Images with captions. */
export const pair = modality({
  name: "pair",
  summary: "images with captions: table of both, Parquet, x.jpg + x.txt",
  options: PairOptions,
  defaultMethod: "clip",
  defaultEncoder: "towers",
  small: {
    summary: "towers of a ResNet-10 of width 24 and a Transformer of two blocks, or one Transformer of four for both",
    encoderOptions: {
      towers: smallPairs.encoderOptions,
      joint: { width: 192, depth: 4, heads: 3 },
    },
    training: { gradientClip: 1 },
  },
  abilities: [sides, boxes, vocabulary, maskToken, normalization, drawing],
  inputs: { ...kinds.image.inputs, ...kinds.text.inputs },
  recognises: recognisesPairs,
  open: openPairs,
  reopen: reopenPairs,
  infer: inferPairs,
  learn: learnCaptions,
  arrange: async (source, _options, _files, onNote) => trainingPairs(source, onNote),
  inherit: (options, files, folder) => ({
    ...options,
    ...kinds.image.inherit?.(optionsOf(kinds.image, options), files, folder),
    ...kinds.text.inherit?.(optionsOf(kinds.text, options), files, folder),
  }),
  accepts: {},
  sides: {
    names: SIDES,
    options(options, side) {
      if (isSide(side)) return optionsOf(kinds[side], options);
      throw new Error(`pairs have no side ${side}`);
    },
    // Images that are learned from alone may be flipped: nothing is said of them that would be wrong then.
    inherit: ({ flip: _, ...kept }) => kept,
    async baseline(modality, pairs) {
      const { retrievalBaseline } = await import("./baselines/retrieval.ts");
      return retrievalBaseline(modality, pairs);
    },
  },
  async baseline(modality, source, { most }) {
    const { joinedFeatures } = await import("./baselines/joined.ts");
    return joinedFeatures(modality, source, most);
  },
  async publish() {
    return (await import("./publish/index.ts")).pairPublisher();
  },
  size: ({ image }) => kinds.image.size(image),
  build: (options, files) => buildPairs(kinds, options, files),
});
