import { messageOf, UserError } from "../../foundation/errors.ts";
import { Overdue, within } from "./deadline.ts";
import type { TokenizerFile } from "./parse.ts";

/*
 * A tokenizer.json may come from anybody, and the library believes what it says. Here are the checks, and the deadline for
 * its regular expressions.
 */

/** Patterns of GPT-2, CLIP, Llama 3 and Qwen 2, whose time is known to grow with the length of the text only. */
const FAMILIAR: readonly string[] = [
  String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
  String.raw`'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`,
  String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
];

/** Bounds of a pipeline: its stages, how deep they are nested, and how many times longer all of them may make a text. */
const [STAGES, DEPTH, GROWTH] = [200, 16, 1000] as const;

/** Characters of a word that WordPiece may look at: its time grows with their square. BERT's are 100. */
const LONGEST_WORD = 1000;

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The stages of a normalizer, pre-tokenizer or decoder, with those that are nested in others. @throws Error */
function stagesOf(value: unknown, depth = 0): Fields[] {
  if (value === null || value === undefined) return [];
  if (!isFields(value)) throw new Error("a stage that is no object");
  if (depth > DEPTH) throw new Error(`stages nested more than ${DEPTH} deep`);
  const stages: Fields[] = [value];
  for (const key of ["normalizers", "pretokenizers", "decoders"]) {
    const parts = value[key];
    if (Array.isArray(parts)) for (const part of parts) stages.push(...stagesOf(part, depth + 1));
    if (stages.length > STAGES) throw new Error(`more than ${STAGES} stages`);
  }
  return stages;
}

const lengthOf = (value: unknown): number => (typeof value === "string" ? value.length : 0);

/** How many times longer a stage may make a text. */
function growthOf({ type, pattern, content, str_rep, replacement }: Fields): number {
  if (type === "Metaspace") return Math.max(1, lengthOf(str_rep), lengthOf(replacement));
  if (type !== "Replace" || !lengthOf(content)) return 1;
  // What may match nothing is put between any two characters.
  const mayMatchNothing = !isFields(pattern) || !lengthOf(pattern.String);
  return lengthOf(content) + Number(mayMatchNothing);
}

/** @throws Error saying what cannot be used */
function checkStages(stages: readonly Fields[]): void {
  for (const { type, length, pattern } of stages) {
    if (type === "FixedLength" && !(Number.isInteger(length) && Number(length) > 0))
      throw new Error(`pieces of length ${length}`);
    if (type !== "Split" && type !== "Replace") continue;
    const { Regex, String: text } = isFields(pattern) ? pattern : {};
    if (typeof Regex !== "string" && typeof text !== "string") throw new Error(`a stage "${type}" without a pattern`);
  }
  const growth = stages.reduce((product, stage) => product * growthOf(stage), 1);
  if (growth > GROWTH) throw new Error("stages that make a text thousands of times longer");
}

/** Every token of the vocabulary with its id, added ones included. @throws Error when a token has two ids */
function tokensOf({ model, added_tokens }: TokenizerFile): Map<string, unknown> {
  const { vocab } = model;
  const ids = new Map<string, unknown>();
  if (Array.isArray(vocab))
    vocab.forEach((entry: unknown, id) => {
      const [token, score] = Array.isArray(entry) ? entry : [];
      if (typeof token !== "string" || !Number.isFinite(score)) throw new Error(`entry ${id} is no token with a score`);
      if (ids.has(token)) throw new Error(`the token ${JSON.stringify(token)} twice`);
      ids.set(token, id);
    });
  else if (isFields(vocab)) for (const [token, id] of Object.entries(vocab)) ids.set(token, id);
  else throw new Error("no vocabulary");
  for (const { content, id } of added_tokens) {
    if (ids.has(content) && ids.get(content) !== id)
      throw new Error(
        `the token ${JSON.stringify(content)} with the ids ${JSON.stringify(ids.get(content))} and ${JSON.stringify(id)}`,
      );
    ids.set(content, id);
  }
  return ids;
}

/**
 * Checks what the library does not: the ids are 0 … n − 1, each of one token; no stage loops or makes texts endless.
 * @returns the number of tokens
 * @throws Error saying what is wrong
 */
export function checkTokenizer(content: TokenizerFile): number {
  const ids = tokensOf(content);
  const taken = new Set<unknown>();
  for (const [token, id] of ids) {
    if (!Number.isInteger(id) || Number(id) < 0 || Number(id) >= ids.size || taken.has(id))
      throw new Error(
        `the token ${JSON.stringify(token)} has the id ${JSON.stringify(id)}${taken.has(id) ? ", as another has" : ""}; the ids of ${ids.size} tokens must be 0 to ${ids.size - 1}, each once`,
      );
    taken.add(id);
  }
  const { type, unk_id, max_input_chars_per_word: longest, continuing_subword_prefix: prefix } = content.model;
  if (type === "WordPiece" && typeof prefix !== "string")
    throw new Error("WordPiece without a continuing_subword_prefix");
  if (longest !== undefined && !(Number.isInteger(longest) && Number(longest) > 0 && Number(longest) <= LONGEST_WORD))
    throw new Error(`words of ${JSON.stringify(longest)} characters; 1 to ${LONGEST_WORD} are allowed`);
  if (type === "Unigram" && !(Number.isInteger(unk_id) && Number(unk_id) >= 0 && Number(unk_id) < ids.size))
    throw new Error(`an unknown token with the id ${JSON.stringify(unk_id)}`);
  for (const part of ["normalizer", "pre_tokenizer", "decoder"]) checkStages(stagesOf(content[part]));
  return ids.size;
}

/** Whether a stage has a regular expression whose time is not known. */
function hasForeignPattern(content: TokenizerFile): boolean {
  return ["normalizer", "pre_tokenizer", "decoder"]
    .flatMap((part) => stagesOf(content[part]))
    .some(({ pattern }) => isFields(pattern) && typeof pattern.Regex === "string" && !FAMILIAR.includes(pattern.Regex));
}

/** Milliseconds for any call into the library, and for each character of its text; it needs less than a hundredth. */
const [LEAST, EACH] = [1000, 0.01] as const;

/** Calls the library. @param length characters of the text @throws UserError when the tokenizer cannot be used */
export type Guard = <Result>(length: number, call: () => Result) => Result;

/**
 * A guard for a tokenizer's calls: any error is the user's, since the file was at fault, and foreign patterns have a
 * deadline, on this very thread.
 * @param always even without foreign patterns, as while it is loaded
 */
export function guardOf(content: TokenizerFile, file: string, always = false): Guard {
  const isTimed = always || hasForeignPattern(content);
  return (length, call) => {
    try {
      return isTimed ? within(LEAST + length * EACH, call) : call();
    } catch (error) {
      if (error instanceof UserError) throw error;
      if (error instanceof Overdue)
        throw new UserError(
          `${file}: a tokenizer that takes ${error.message} for ${length} characters; the regular expressions in it may have no end`,
        );
      throw new UserError(`${file}: a tokenizer that cannot be used (${messageOf(error)})`);
    }
  };
}
