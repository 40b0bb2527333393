import { join } from "node:path";
import { modality } from "../../data/modality.ts";
import { sourcesOf } from "../../data/paths/joined.ts";
import { augment, perturb } from "../../data/views.ts";
import { maskToken, TOKENIZER_FILE, vocabulary } from "../../data/vocabulary.ts";
import { buildTexts, vocabularyIn } from "./build.ts";
import { learnVocabulary } from "./learn.ts";
import { TextOptions } from "./options.ts";
import { givenTexts } from "./sources/given.ts";
import { openTexts, recognisesTexts } from "./sources/open.ts";
import { isRecordIndex, recordSource } from "./sources/records.ts";
import { isTokenized } from "./text.ts";
import { isWindowIndex, windowSource, windowsOf } from "./windows.ts";

/** Plain text, tables with a column of text, and folders of them. */
export const text = modality({
  name: "text",
  summary: "texts: file, table, folder",
  options: TextOptions,
  defaultMethod: "bert",
  defaultEncoder: "transformer",
  small: {
    summary: "a Transformer of BERT's size mini",
    encoderOptions: { transformer: { size: "mini" } },
    training: { epochs: 20, gradientClip: 1 },
  },
  abilities: [augment, perturb, vocabulary, maskToken],
  inputs: { ids: 1, mask: 1 },
  recognises: recognisesTexts,
  open: openTexts,
  async reopen(manifest) {
    if (isRecordIndex(manifest)) return recordSource(manifest);
    if (isWindowIndex(manifest)) return windowSource(manifest);
    throw new Error("not the manifest of a text source");
  },
  /** Prose continues from text to text; rows of a table are independent. */
  infer: async (source) => ({
    pack: sourcesOf(source).every(({ manifest }) => isRecordIndex(manifest) && !manifest.tabular),
  }),
  learn: learnVocabulary,
  arrange: (source, options, files, onNote) =>
    windowsOf(source, vocabularyIn(files, options.maxLength), options.pack, onNote),
  accepts: { text: (query) => givenTexts([query]) },
  /** An existing tokenizer is reused, so the options for learning one are not inherited. */
  inherit({ tokenizerKind: _, vocabularySize: __, lowercase: ___, ...kept }, files, folder) {
    return { ...kept, ...(TOKENIZER_FILE in files ? { tokenizer: join(folder, TOKENIZER_FILE) } : {}) };
  },
  async baseline(modality, source, { most }) {
    const { tfIdf } = await import("./tf-idf.ts");
    return tfIdf(modality, source, most);
  },
  async publish() {
    return (await import("./publish/index.ts")).textPublisher;
  },
  size: (sample) =>
    isTokenized(sample)
      ? { amount: sample.ids.length, unit: "tokens" }
      : { amount: sample.text.length, unit: "characters" },
  build: buildTexts,
});
