import { languageLayout } from "../../../evaluation/language/hub/language.ts";
import { tokenPublisher } from "../../../evaluation/language/hub/publish.ts";
import type { Publisher } from "../../../interop/publisher.ts";
import { adoptText, TEXT_MODELS } from "./adopt.ts";

/** Text models: `model.safetensors` has BERT's or GPT-2's names if the encoder is one of them. */
export const textPublisher: Publisher = {
  ...tokenPublisher({
    layout: languageLayout,
    examples: { whole: "a sentence", masked: "the [MASK] sat", beginning: "once upon a time" },
  }),
  adopts: TEXT_MODELS,
  adopt: adoptText,
};
