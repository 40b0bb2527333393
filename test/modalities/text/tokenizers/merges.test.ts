import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type CountedWord, learnMerges } from "../../../../src/modalities/text/tokenizers/merges.ts";

type Found = [left: number, right: number, count: number];

/** Byte-pair encoding as the paper's listing has it: everything is counted again before each merge. */
function naive(words: readonly CountedWord[], alphabet: number): Found[] {
  let current = words.map(({ symbols, count }) => ({ symbols: [...symbols], count }));
  const found: Found[] = [];
  for (let next = alphabet; ; next++) {
    const counts = new Map<string, number>();
    for (const { symbols, count } of current)
      for (let at = 1; at < symbols.length; at++) {
        const key = `${symbols[at - 1]} ${symbols[at]}`;
        counts.set(key, (counts.get(key) ?? 0) + count);
      }
    const best = [...counts]
      .map(([key, count]): Found => {
        const [left = 0, right = 0] = key.split(" ").map(Number);
        return [left, right, count];
      })
      .sort(([a, b, first], [c, d, second]) => second - first || a - c || b - d)[0];
    if (!best || best[2] < 2) return found;
    found.push(best);
    current = current.map(({ symbols, count }) => {
      const merged: number[] = [];
      for (let at = 0; at < symbols.length; at++)
        if (symbols[at] === best[0] && symbols[at + 1] === best[1]) {
          merged.push(next);
          at++;
        } else merged.push(symbols[at]!);
      return { symbols: merged, count };
    });
  }
}

function learned(words: readonly CountedWord[], alphabet: number): Found[] {
  const found: Found[] = [];
  let next = alphabet;
  learnMerges(words, ({ left, right, count }) => {
    found.push([left, right, count]);
    return next++;
  });
  return found;
}

test("merges and their counts are those of counting everything again each time", () => {
  const words = fc.array(
    fc.record({
      symbols: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 12 }),
      count: fc.integer({ min: 1, max: 5 }),
    }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(words, (given) => assert.deepEqual(learned(given, 4), naive(given, 4))),
    { numRuns: 300, seed: 5 },
  );
});

// Of "es" + "t" and "t" + "_", nine each, the paper takes the first; the smaller ids are the second's.
test("the example of Sennrich et al. 2016: es, est_, lo", () => {
  const letters = [..."deilnorstw_"];
  const word = (text: string, count: number) => ({
    symbols: [...text, "_"].map((letter) => letters.indexOf(letter)),
    count,
  });
  const words = [word("low", 5), word("lower", 2), word("newest", 6), word("widest", 3)];
  const tokens = [...letters];
  learnMerges(words, ({ left, right }) => {
    if (tokens.length === letters.length + 4) return undefined;
    return tokens.push(tokens[left]! + tokens[right]!) - 1;
  });
  assert.deepEqual(tokens.slice(letters.length), ["es", "t_", "est_", "lo"]);
});

test("a merge may give a symbol that exists already", () => {
  // "ab" + "c" and "a" + "bc" are both "abc".
  const tokens = ["a", "b", "c"];
  const words = [
    { symbols: [0, 1], count: 9 },
    { symbols: [1, 2], count: 8 },
    { symbols: [0, 1, 2], count: 4 },
    { symbols: [0, 1, 2, 0, 1, 2], count: 2 },
  ];
  learnMerges(words, ({ left, right }) => {
    const token = tokens[left]! + tokens[right]!;
    const known = tokens.indexOf(token);
    return known >= 0 ? known : tokens.push(token) - 1;
  });
  assert.ok(tokens.includes("abc"));
  assert.equal(new Set(tokens).size, tokens.length);
});
