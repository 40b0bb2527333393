import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Rng } from "../../../src/array/index.ts";
import { UserError } from "../../../src/foundation/errors.ts";
import { trainTokenizer } from "../../../src/modalities/text/tokenizers/train.ts";
import { vocabularyOf } from "../../../src/modalities/text/vocabulary.ts";
import { autodidact, inFolder } from "../../support/cli.ts";
import { CORPUS } from "./corpus.ts";

const folder = new URL("../../fixtures/text/tokenizers/", import.meta.url);
const json = await trainTokenizer(CORPUS, { kind: "wordpiece", lowercase: true });
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
interface Tokenizer {
  [key: string]: Json;
  model: { [key: string]: Json; vocab: Record<string, Json> };
  added_tokens: { [key: string]: Json }[];
}
const changed = (change: (file: Tokenizer) => void): string => {
  const file: Tokenizer = JSON.parse(json);
  change(file);
  return JSON.stringify(file);
};
const refused = (text: string, expected: RegExp) =>
  assert.throws(() => vocabularyOf(text, 16, "given.json"), { name: "UserError", message: expected });

test("files whose ids are not 0 to n − 1, each once, are refused", async () => {
  for (const name of await readdir(folder))
    refused(
      await readFile(new URL(name, folder), "utf8"),
      /the ids of 120 tokens must be 0 to 119, each|with the ids 1 and 1000000000|with the ids 2147483648 and 4/,
    );
  for (const id of [1e9, -1, 2 ** 31, 0.5, "3", null, 7])
    refused(
      changed(({ model }) => {
        const [token = ""] = Object.entries(model.vocab).find(([, other]) => other === 9) ?? [];
        model.vocab[token] = id;
      }),
      /must be 0 to \d+, each once/,
    );
  refused(
    changed(({ added_tokens }) => Object.assign(added_tokens[2]!, { id: 1e9 })),
    /the token "\[CLS\]" with the ids 2 and 1000000000/,
  );
  refused(
    changed(({ added_tokens }) => added_tokens.push({ id: 5000, content: "<new>" })),
    /the token "<new>" has the id 5000/,
  );
  const unigram = (entries: Json[]) => ({ type: "Unigram", unk_id: 0, vocab: entries }) as never;
  refused(
    changed((file) =>
      Object.assign(file, {
        model: unigram([
          ["a", 0],
          ["a", 1],
        ]),
      }),
    ),
    /the token "a" twice/,
  );
  refused(
    changed((file) =>
      Object.assign(file, {
        model: unigram([
          ["a", 0],
          ["b", null],
        ]),
      }),
    ),
    /entry 1 is no token with a score/,
  );
});

const replace = (Regex: string, content = "") => ({ type: "Replace", pattern: { Regex }, content });

test("a regular expression without end is stopped, where the text is tokenised and where it is decoded", () => {
  const evil = `${"a".repeat(60)}!`;
  const stages: [string, (file: Tokenizer) => void][] = [
    ["normalizer", (file) => Object.assign(file, { normalizer: replace("(?:a+)+$") })],
    [
      "sequence",
      (file) =>
        Object.assign(file, { normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }, replace("(a|a)*#")] } }),
    ],
    [
      "pre_tokenizer",
      (file) =>
        Object.assign(file, {
          pre_tokenizer: { type: "Split", pattern: { Regex: "(?:\\p{L}+)+\\?" }, behavior: "Isolated" },
        }),
    ],
  ];
  for (const [part, change] of stages) {
    const vocabulary = vocabularyOf(changed(change), 16, "given.json");
    const began = performance.now();
    assert.throws(
      () => vocabulary.tokenize(evil),
      { name: "UserError", message: /^given\.json: a tokenizer that takes longer than 1\.\d+ s for 61 characters/ },
      part,
    );
    assert.ok(performance.now() - began < 10_000, part);
    // The same thread goes on.
    assert.ok(vocabulary.tokenize("the sea").ids.length > 0, part);
  }
  const decoding = vocabularyOf(
    changed((file) => Object.assign(file, { decoder: replace("(?:e+)+#") })),
    16,
    "given.json",
  );
  assert.ok(decoding.decode(decoding.parse("the sea")).length > 0);
  // At once, when even the sample text does not come through.
  refused(
    changed((file) => Object.assign(file, { normalizer: replace("^(?:.|.)+\\d{9}") })),
    /takes longer than/,
  );
});

test("a harmless pattern tokenises as it does without a deadline", async () => {
  const gpt2 = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;
  const bpe = JSON.parse(await trainTokenizer(CORPUS, { kind: "bpe" }));
  const [own, split, foreign] = [
    bpe.pre_tokenizer,
    ...[gpt2, `(?:${gpt2})`].map((Regex) => ({
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false },
        { ...bpe.pre_tokenizer, use_regex: false },
      ],
    })),
  ].map((pre_tokenizer) => vocabularyOf(JSON.stringify({ ...bpe, pre_tokenizer }), 32));
  for (const text of [...CORPUS.slice(0, 20), "  It's 12 \n\n of them…  "])
    for (const other of [split!, foreign!]) assert.deepEqual([...other.parse(text)], [...own!.parse(text)]);
});

test("stages that loop, have no pattern, or make a text endless are refused", () => {
  refused(
    changed((file) => Object.assign(file, { pre_tokenizer: { type: "FixedLength", length: 0 } })),
    /pieces of length 0/,
  );
  refused(
    changed((file) => Object.assign(file, { pre_tokenizer: { type: "FixedLength", length: -1 } })),
    /pieces of length -1/,
  );
  refused(
    changed((file) => Object.assign(file, { pre_tokenizer: { type: "Split" } })),
    /a stage "Split" without a pattern/,
  );
  const doubling = (count: number) =>
    changed((file) => {
      const one = { type: "Replace", pattern: { String: "e" }, content: "ee" };
      file.normalizer = { type: "Sequence", normalizers: Array(count).fill(one) };
    });
  assert.ok(vocabularyOf(doubling(3), 16).tokenize("e").ids.length > 0);
  refused(doubling(40), /thousands of times longer/);
  refused(doubling(500), /more than 200 stages/);
  let nested: Json = { type: "NFC" };
  for (let depth = 0; depth < 50; depth++) nested = { type: "Sequence", normalizers: [nested] };
  refused(
    changed((file) => Object.assign(file, { normalizer: nested })),
    /nested more than 16 deep/,
  );
  for (const most of [0, 1e9, "100", null])
    refused(
      changed(({ model }) => Object.assign(model, { max_input_chars_per_word: most })),
      /words of .* characters; 1 to 1000/,
    );
  refused(
    changed(({ model }) => Object.assign(model, { continuing_subword_prefix: undefined })),
    /without a continuing_subword_prefix/,
  );
});

/** Every place in a value, as the object that holds it and the key. */
function* placesIn(value: Json): Generator<[holder: Record<string, Json>, key: string]> {
  if (typeof value !== "object" || value === null) return;
  const holder = value as Record<string, Json>;
  for (const key of Object.keys(holder).slice(0, 40)) {
    yield [holder, key];
    yield* placesIn(holder[key]!);
  }
}

test("whatever is changed in a tokenizer.json, it works or is refused in one line", async () => {
  const kinds = [json, await trainTokenizer(CORPUS, { kind: "bpe" })];
  const values: Json[] = [
    null,
    -1,
    0,
    1e9,
    1e308,
    "",
    "(a+)+$",
    "x".repeat(5000),
    true,
    [],
    {},
    [[]],
    [null],
    { type: "Split" },
  ];
  for (let seed = 0; seed < 400; seed++) {
    const rng = new Rng(seed);
    const file = JSON.parse(rng.chance(0.5) ? kinds[0]! : kinds[1]!);
    for (let change = rng.integer(1, 2); change > 0; change--) {
      const places = [...placesIn(file)];
      const [holder, key] = places[rng.integer(0, places.length - 1)]!;
      if (rng.chance(0.2)) delete holder[key];
      else holder[key] = values[rng.integer(0, values.length - 1)]!;
    }
    try {
      const vocabulary = vocabularyOf(JSON.stringify(file), 16);
      for (const text of ["The sea, the aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "", "これ [MASK] 🙂\n\n"]) {
        const { ids } = vocabulary.tokenize(text);
        assert.ok(
          ids.every((id) => id >= 0 && id < vocabulary.size),
          `seed ${seed}`,
        );
        vocabulary.decode(ids);
      }
    } catch (error) {
      assert.ok(error instanceof UserError && !error.message.includes("\n"), `seed ${seed}: ${String(error)}`);
    }
  }
});

test("the command line ends with one line for a tokenizer without end", () =>
  inFolder(async (out) => {
    const [data, tokenizer] = [join(out, "corpus.txt"), join(out, "evil.json")];
    await writeFile(data, `${CORPUS.join("\n")}\n${"a".repeat(200)}!\n`);
    await writeFile(
      tokenizer,
      changed((file) => Object.assign(file, { normalizer: replace("(?:a+)+$") })),
    );
    const args = ["--method", "bert", "--size", "tiny", "--epochs", "1", "--tokenizer", tokenizer];
    const { code, stderr } = autodidact("pretrain", data, ...args, "--out", join(out, "run"));
    assert.equal(code, 2, stderr);
    assert.match(
      stderr,
      /^autodidact: .*evil\.json: a tokenizer that takes longer than|tokenizer\.json: a tokenizer that takes/m,
    );
  }));
