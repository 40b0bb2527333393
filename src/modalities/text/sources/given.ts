import type { Source } from "../../../data/source.ts";
import type { Text } from "../text.ts";

/** A source of texts that are given, not read. */
export function givenTexts(texts: readonly string[]): Source<Text> {
  return {
    length: texts.length,
    name: (index) => `text ${index + 1}`,
    read: async (index) => ({ text: (texts[index] ?? "").normalize("NFC") }),
    manifest: { kind: "given", texts },
    close: async () => undefined,
  };
}
