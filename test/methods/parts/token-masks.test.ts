import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Rng } from "../../../src/array/index.ts";
import { maskTokens, slotsFor } from "../../../src/methods/parts/token-masks.ts";
import { infill, permuteSentences } from "../../../src/methods/parts/token-noise.ts";
import { ids, toyText } from "../toy-text.ts";

const { vocabulary } = toyText({ size: 60, length: 64 });
const corruption = { token: ids.mask, mask: 0.8, random: 0.1 };
const texts = fc.array(fc.integer({ min: 5, max: 59 }), { minLength: 0, maxLength: 62 });

test("15 % of the tokens are targets; 80 % of those show the mask token, 10 % a random token, 10 % themselves", () => {
  const counts = { all: 0, targets: 0, mask: 0, same: 0, other: 0 };
  const slots = slotsFor(64, 0.15);
  for (let seed = 0; seed < 3000; seed++) {
    const rng = new Rng(seed);
    const text = globalThis.Array.from({ length: 60 }, () => rng.integer(5, 59));
    const sequence = vocabulary.tokens(text);
    const masked = maskTokens(sequence, vocabulary, rng, { ratio: 0.15, slots, wholeWords: false, corruption });
    counts.all += 60;
    masked.targets.weights.data.forEach((weight, slot) => {
      if (!weight) return;
      counts.targets++;
      const place = masked.targets.places.data[slot]!;
      const [now, before] = [masked.ids[place]!, sequence.ids[place]!];
      assert.equal(masked.targets.tokens.data[slot], before);
      if (now === ids.mask) counts.mask++;
      else if (now === before) counts.same++;
      else counts.other++;
      assert.ok(now === ids.mask || now >= 5, "a random token is never a special one");
    });
  }
  assert.equal(counts.targets / counts.all, 9 / 60);
  // 27,000 targets; the standard deviation is at most 0.0025. A random token is the original one by chance once in 55.
  const near = (count: number, share: number) =>
    assert.ok(Math.abs(count / counts.targets - share) < 0.01, `${JSON.stringify(counts)}, ${share}`);
  near(counts.mask, 0.8);
  near(counts.same, 0.1 + 0.1 / 55);
  near(counts.other, 0.1 - 0.1 / 55);
});

test("places are distinct, ascending, no special tokens; nothing else changes; whole words stay whole", () =>
  fc.assert(
    fc.property(
      texts,
      fc.double({ min: 0.05, max: 0.6, noNaN: true }),
      fc.integer(),
      fc.boolean(),
      (text, ratio, seed, wholeWords) => {
        const sequence = vocabulary.tokens(text);
        const slots = slotsFor(64, ratio);
        const options = { ratio, slots, wholeWords, corruption: { token: ids.mask, mask: 1, random: 0 } };
        const { ids: now, targets } = maskTokens(sequence, vocabulary, new Rng(seed), options);
        const places = [...targets.places.data].filter((_, slot) => targets.weights.data[slot]);
        assert.deepEqual(
          places,
          [...new Set(places)].sort((a, b) => a - b),
        );
        assert.ok(places.length <= slots);
        if (!wholeWords)
          assert.equal(
            places.length,
            text.length === 0 ? 0 : Math.min(slots, Math.max(1, Math.round(text.length * ratio))),
          );
        now.forEach((id, place) => {
          assert.equal(id, places.includes(place) ? ids.mask : sequence.ids[place]);
        });
        if (wholeWords)
          for (let place = 2; place <= text.length; place++)
            if (!sequence.wordStarts[place])
              assert.equal(places.includes(place), places.includes(place - 1), `${places}`);
      },
    ),
  ));

test("permuted sentences are the same sentences", () =>
  fc.assert(
    fc.property(texts, fc.integer(), (text, seed) => {
      const sequence = vocabulary.tokens(text);
      const permuted = permuteSentences(sequence, new Rng(seed));
      const split = ({ ids: all, sentences }: typeof sequence) =>
        [...sentences].map((start, at) => all.slice(start, sentences[at + 1] ?? all.length - 1).join()).sort();
      assert.deepEqual(split(permuted), split(sequence));
      assert.deepEqual([permuted.ids[0], permuted.ids.at(-1)], [ids.begin, ids.end]);
      assert.equal(permuted.ids.length, sequence.ids.length);
    }),
  ));

test("infilling leaves whole words in order, one mask token for each span, and masks the given share", () =>
  fc.assert(
    fc.property(texts, fc.integer(), (text, seed) => {
      const sequence = vocabulary.tokens(text);
      const noisy = [...infill(sequence, ids.mask, new Rng(seed), { maskRatio: 0.3, spanLength: 3 })];
      assert.deepEqual([noisy[0], noisy.at(-1)], [ids.begin, ids.end]);
      const starts = [...sequence.wordStarts.keys()].filter((place) => sequence.wordStarts[place]);
      const words = starts.map((start, at) => [
        ...sequence.ids.slice(start, starts[at + 1] ?? sequence.ids.length - 1),
      ]);
      // The rest must be a subsequence of whole words, without exactly the share that is masked.
      const rest = noisy.slice(1, -1).filter((id) => id !== ids.mask);
      let at = 0;
      let kept = 0;
      const reachable = new Set([0]);
      for (const word of words) {
        const next = new Set(reachable);
        for (const from of reachable)
          if (word.every((id, offset) => rest[from + offset] === id)) next.add(from + word.length);
        reachable.clear();
        for (const place of next) reachable.add(place);
      }
      assert.ok(reachable.has(rest.length), `${rest} of ${text}`);
      for (const id of rest) if (id % 2 === 0 || at++ === 0) kept++;
      if (words.length > 0) {
        const gone = Math.ceil(words.length * 0.3);
        const tokensLeft = words.map((word) => word.length).sort((a, b) => a - b);
        const fewest = tokensLeft.slice(0, words.length - gone).reduce((sum, length) => sum + length, 0);
        const most = tokensLeft.slice(gone).reduce((sum, length) => sum + length, 0);
        assert.ok(
          rest.length >= fewest && rest.length <= most,
          `${rest.length} of ${text.length}, ${fewest} to ${most}`,
        );
        assert.ok(kept >= 0);
      }
    }),
  ));
