import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Rng } from "../../array/rng.ts";
import { modality, type RunFiles, type Shown } from "../../data/modality.ts";
import type { Source } from "../../data/source.ts";
import { augment, perturb } from "../../data/views.ts";
import { maskToken, vocabulary as vocabularyAbility } from "../../data/vocabulary.ts";
import { UserError } from "../../foundation/errors.ts";
import { fileError } from "../../foundation/files.ts";
import { cropAndDelete } from "./augment.ts";
import { TextOptions } from "./options.ts";
import { openTexts, recognisesTexts } from "./sources/open.ts";
import { isRecordIndex, recordSource } from "./sources/records.ts";
import { isTokenized, type Text } from "./text.ts";
import { learnTokenizer } from "./tokenizers/learn.ts";
import { TOKENIZER_FILE, vocabularyOf } from "./vocabulary.ts";
import { isWindowIndex, windowSource, windowsOf } from "./windows.ts";

/** The user's tokenizer, or one learned from the data. */
async function learn(source: Source<Text>, options: TextOptions, onNote?: (note: string) => void): Promise<RunFiles> {
  const { tokenizer, tokenizerKind: kind = "wordpiece", vocabularySize, lowercase } = options;
  if (tokenizer) {
    if (options.tokenizerKind !== undefined || lowercase !== undefined)
      throw new UserError(`${tokenizer}: is learned already; --tokenizer-kind and --lowercase are for one that is not`);
    const text = await readFile(tokenizer, "utf8").catch((error: unknown) => {
      throw fileError(tokenizer, "read", error);
    });
    const { size } = vocabularyOf(text, options.maxLength, tokenizer);
    if (vocabularySize !== undefined && vocabularySize !== size)
      throw new UserError(`${tokenizer}: has ${size} tokens, not the ${vocabularySize} of --vocabulary-size`);
    return { [TOKENIZER_FILE]: text };
  }
  const text = await learnTokenizer(source, { kind, vocabularySize, lowercase });
  onNote?.(`learned a vocabulary of ${vocabularyOf(text, options.maxLength).size} tokens (${kind})`);
  return { [TOKENIZER_FILE]: text };
}

function vocabularyIn(files: RunFiles, maxLength: number) {
  const json = files[TOKENIZER_FILE];
  if (json === undefined) throw new UserError(`this run has no ${TOKENIZER_FILE}`);
  return vocabularyOf(json, maxLength);
}

function build(options: TextOptions, files: RunFiles = {}) {
  const { maxLength } = options;
  const vocabulary = vocabularyIn(files, maxLength);
  const spec = { dtype: "int32", shape: [maxLength] } as const;
  const room = maxLength - 2;
  const tokenized = (sample: Text) => (isTokenized(sample) ? sample : vocabulary.tokenize(sample.text));
  const written = (sample: Text) => (isTokenized(sample) ? vocabulary.decode(sample.ids) : sample.text);
  return {
    name: "text",
    specs: { ids: spec, mask: spec },
    tensors: (sample: Text) => ({ ...vocabulary.encode(vocabulary.tokens(sample).ids) }),
    augment: (sample: Text, rng: Rng): Text => {
      const { ids, sentences } = tokenized(sample);
      // Of a text too long for the encoder the crop is taken of what it would see.
      return cropAndDelete(
        { ids: ids.subarray(0, room), sentences: sentences.filter((at) => at < room) },
        options,
        rng,
      );
    },
    perturb: (sample: Text) => sample,
    vocabulary,
    ...(vocabulary.mask === undefined ? {} : { maskToken: vocabulary.mask }),
    show: (sample: Text): Shown => ({ text: shortened(written(sample)) }),
  } as const;
}

/** Characters of a text that pages and tables show. */
const SHOWN = 300;

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > SHOWN ? `${line.slice(0, SHOWN - 1)}…` : line;
}

/** A source of texts that are given, not read. */
function given(texts: readonly string[]): Source<Text> {
  return {
    length: texts.length,
    name: (index) => `text ${index + 1}`,
    read: async (index) => ({ text: (texts[index] ?? "").normalize("NFC") }),
    manifest: { kind: "given", texts },
    close: async () => undefined,
  };
}

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
  abilities: [augment, perturb, vocabularyAbility, maskToken],
  inputs: { ids: 1, mask: 1 },
  recognises: recognisesTexts,
  open: openTexts,
  async reopen(manifest) {
    if (isRecordIndex(manifest)) return recordSource(manifest);
    if (isWindowIndex(manifest)) return windowSource(manifest);
    throw new Error("not the manifest of a text source");
  },
  /** Prose is read on from text to text; a row of a table stands for itself. */
  infer: async ({ manifest }) => ({ pack: isRecordIndex(manifest) && !manifest.tabular }),
  learn,
  arrange: (source, options, files, onNote) =>
    windowsOf(source, vocabularyIn(files, options.maxLength), options.pack, onNote),
  accepts: { text: (query) => given([query]) },
  /** A tokenizer that is there is not learned once more, and how it was learned is no option of the run that begins. */
  inherit({ tokenizerKind: _, vocabularySize: __, lowercase: ___, ...kept }, files, folder) {
    return { ...kept, ...(TOKENIZER_FILE in files ? { tokenizer: join(folder, TOKENIZER_FILE) } : {}) };
  },
  async baseline(modality, source, { most }) {
    const { tfIdf } = await import("./language/tf-idf.ts");
    return tfIdf(modality, source, most);
  },
  async publish() {
    return (await import("./publish/index.ts")).textPublisher;
  },
  size: (sample) =>
    isTokenized(sample)
      ? { amount: sample.ids.length, unit: "tokens" }
      : { amount: sample.text.length, unit: "characters" },
  build,
});
