import { modality } from "../../data/modality.ts";
import { tokenizerJson } from "../../data/tokens/listed.ts";
import { units } from "../../data/tokens/units.ts";
import { augment, perturb } from "../../data/views.ts";
import { maskToken, TOKENIZER_FILE, vocabulary } from "../../data/vocabulary.ts";
import { buildProteins } from "./build.ts";
import { inferLength, noteLonger } from "./lengths.ts";
import { ProteinOptions } from "./options.ts";
import { isTokenized } from "./protein.ts";
import { givenProtein } from "./sources/given.ts";
import { openProteins, recognisesProteins } from "./sources/open.ts";
import { isProteinIndex, proteinSource } from "./sources/store.ts";
import { ESM_TOKENS } from "./vocabulary.ts";

/** Sequences of residues: FASTA, A3M, and tables with a column of sequences. */
export const protein = modality({
  name: "protein",
  summary: "proteins: FASTA, A3M, table with a sequence column",
  options: ProteinOptions,
  defaultMethod: "bert",
  defaultEncoder: "transformer",
  small: {
    summary: "a Transformer of BERT's size mini, in ESM-2's form",
    encoderOptions: { transformer: { size: "mini", norm: "pre", positions: "rotary" } },
    training: { epochs: 20, gradientClip: 1 },
  },
  abilities: [augment, perturb, vocabulary, maskToken, units],
  inputs: { ids: 1, mask: 1 },
  recognises: recognisesProteins,
  open: openProteins,
  async reopen(manifest) {
    if (isProteinIndex(manifest)) return proteinSource(manifest);
    throw new Error("not the manifest of proteins");
  },
  infer: async (source) => ({ maxLength: await inferLength(source) }),
  /** Nothing is learned: the vocabulary is ESM's. It is in the run for those who read runs and models. */
  learn: async () => ({ [TOKENIZER_FILE]: tokenizerJson(ESM_TOKENS) }),
  async cut(source, { maxLength }, onNote) {
    if (onNote) await noteLonger(source, maxLength, onNote);
    return source;
  },
  accepts: { text: givenProtein },
  async baseline(built) {
    return (await import("./baseline.ts")).composition(built);
  },
  async publish() {
    return (await import("./publish/index.ts")).proteinPublisher;
  },
  size: (sample) => ({ amount: isTokenized(sample) ? sample.ids.length : sample.residues.length, unit: "residues" }),
  build: buildProteins,
});
