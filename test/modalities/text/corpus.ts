import { Rng } from "../../../src/array/index.ts";

const nouns = "lobster sea river mountain larvae ship captain island winter harbour city garden letter song".split(" ");
const verbs = "walked saw found loved crossed followed painted left carried remembered".split(" ");
const adjectives = "old blue common quiet northern unbelievable small bright".split(" ");

/** Sentences of a small language, the same each time: enough for a tokenizer to learn its words. */
export const CORPUS: readonly string[] = (() => {
  const rng = new Rng(11);
  const one = (words: readonly string[]) => words[rng.integer(0, words.length - 1)]!;
  const clause = () => `the ${one(adjectives)} ${one(nouns)} ${one(verbs)} the ${one(nouns)} of the ${one(nouns)}`;
  const sentence = () => {
    const text = rng.chance(0.3) ? `${clause()}, and ${clause()}` : clause();
    return `${text[0]!.toUpperCase()}${text.slice(1)}${rng.chance(0.1) ? "?" : "."}`;
  };
  return Array.from({ length: 400 }, () => Array.from({ length: rng.integer(1, 4) }, sentence).join(" "));
})();
