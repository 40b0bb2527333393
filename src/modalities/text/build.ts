import type { Rng } from "../../array/rng.ts";
import type { RunFiles, Shown, TensorRecord } from "../../data/modality.ts";
import { TOKENIZER_FILE } from "../../data/vocabulary.ts";
import { UserError } from "../../foundation/errors.ts";
import { cropAndDelete } from "./augment.ts";
import type { TextOptions } from "./options.ts";
import { isTokenized, type Text } from "./text.ts";
import { type TextVocabulary, vocabularyOf } from "./vocabulary.ts";

/** The vocabulary of a run's tokenizer. @throws UserError when the run has none, or one that cannot be used */
export function vocabularyIn(files: RunFiles, maxLength: number): TextVocabulary {
  const json = files[TOKENIZER_FILE];
  if (json === undefined) throw new UserError(`this run has no ${TOKENIZER_FILE}`);
  return vocabularyOf(json, maxLength);
}

/** Texts with their options settled. Pure: it runs in every thread, and in a browser. @throws UserError as `vocabularyIn` */
export function buildTexts(options: TextOptions, files: RunFiles = {}) {
  const { maxLength } = options;
  const vocabulary = vocabularyIn(files, maxLength);
  const spec = { dtype: "int32", shape: [maxLength] } as const;
  const room = maxLength - 2;
  const tokenized = (sample: Text) => (isTokenized(sample) ? sample : vocabulary.tokenize(sample.text));
  const { begin, end, pad, unknown } = vocabulary.ids;
  const silent = new Set([begin, end, pad, unknown]);
  const written = (sample: Text) => (isTokenized(sample) ? vocabulary.decode(sample.ids) : sample.text);
  return {
    name: "text",
    specs: { ids: spec, mask: spec },
    tensors: (sample: Text) => ({ ...vocabulary.encode(vocabulary.tokens(sample).ids) }),
    unseen: ({ ids }: TensorRecord) =>
      ids?.data.every((id) => silent.has(id)) ? "none of its characters are known to the run's tokenizer" : undefined,
    augment: (sample: Text, rng: Rng): Text => {
      const { ids, sentences } = tokenized(sample);
      // In a text too long for the encoder, the crop is taken from the part that the encoder would see.
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

/** Characters of a text shown on pages and in tables. */
const SHOWN = 300;

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > SHOWN ? `${line.slice(0, SHOWN - 1)}…` : line;
}
