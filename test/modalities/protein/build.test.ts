/** Proteins as tokens, windows and views. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Tokenizer } from "@huggingface/tokenizers";
import { Rng } from "../../../src/array/rng.ts";
import { tokenizerJson } from "../../../src/data/tokens/listed.ts";
import { maskTokens } from "../../../src/methods/parts/token-masks.ts";
import { buildProteins } from "../../../src/modalities/protein/build.ts";
import { ProteinOptions } from "../../../src/modalities/protein/options.ts";
import { givenProtein } from "../../../src/modalities/protein/sources/given.ts";
import { ESM_TOKENS, proteinVocabulary, STANDARD } from "../../../src/modalities/protein/vocabulary.ts";
import { randomProtein } from "../../fixtures/proteins.ts";

const built = buildProteins(ProteinOptions.parse({ maxLength: 16 }));
const written = (residues: string) => ({ residues, name: "p" });

test("ids are ESM's", () => {
  const { tokens, size } = proteinVocabulary(16);
  assert.equal(size, 33);
  // From the vocabulary of facebook/esm2_t6_8M_UR50D: <cls> M K T X J <eos>, where J has no token.
  assert.deepEqual([...tokens(written("MKTXJ")).ids], [0, 20, 15, 11, 24, 3, 2]);
  assert.equal(ESM_TOKENS.tokens.indexOf("<mask>"), 32);
});

test("tokenizer.json gives the same ids in Hugging Face's library, and the same letters back", () => {
  const tokenizer = new Tokenizer(JSON.parse(tokenizerJson(ESM_TOKENS)), {});
  const vocabulary = proteinVocabulary(64);
  for (const residues of [STANDARD, "MKTXBUZO", "MKJ", randomProtein(new Rng(1), 50)]) {
    const { ids } = tokenizer.encode(residues, { add_special_tokens: true });
    assert.deepEqual(ids, [...vocabulary.tokens(written(residues)).ids], residues);
  }
  const masked = "MK<mask>TA";
  assert.deepEqual(tokenizer.encode(masked, { add_special_tokens: false }).ids, [...vocabulary.parse(masked)]);
  assert.equal(tokenizer.decode([...vocabulary.parse("MKTXA")], { skip_special_tokens: true }), "MKTXA");
  assert.equal(vocabulary.decode(vocabulary.parse("mk<mask>ta<eos>")), "MKTA");
});

test("of a long protein training sees every part, embedding the first", () => {
  const { vocabulary } = built;
  const long = written(randomProtein(new Rng(2), 40));
  const first = vocabulary.tokens(long);
  assert.deepEqual([...first.ids.subarray(1, -1)], [...vocabulary.allTokens(long).subarray(0, 14)]);
  assert.deepEqual([first.startsInside, first.isCut], [false, true]);
  const starts = new Set(Array.from({ length: 400 }, (_, at) => vocabulary.part(long, new Rng(3).split(at)).start));
  assert.deepEqual([Math.min(...starts), Math.max(...starts), starts.size], [0, 26, 27]);
  const last = Array.from({ length: 400 }, (_, at) => vocabulary.part(long, new Rng(3).split(at))).find(
    ({ start }) => start === 26,
  );
  assert.deepEqual([vocabulary.decode(last?.ids ?? []), last?.isCut], [long.residues.slice(26), false]);
});

test("rare letters, stops and gaps are read and never predicted", () => {
  const { vocabulary } = built;
  const sequence = vocabulary.tokens(written("XMBKUTZAOXMBKU"));
  for (let seed = 0; seed < 200; seed++) {
    const { targets, ids } = maskTokens(sequence, vocabulary, new Rng(seed), {
      ...{ ratio: 0.3, slots: 5, wholeWords: false, corruption: { token: vocabulary.mask, mask: 0.5, random: 0.5 } },
    });
    targets.tokens.data.forEach((token, slot) => {
      if (targets.weights.data[slot])
        assert.ok(STANDARD.includes(vocabulary.token(Number(token))), vocabulary.token(Number(token)));
    });
    for (const place of targets.places.data) {
      const shown = vocabulary.token(ids[Number(place)]!);
      assert.ok(place === 0 || shown === "<mask>" || STANDARD.includes(shown), shown);
    }
  }
});

test("views are crops with masks, at their place in the whole", () => {
  const residues = randomProtein(new Rng(4), 14);
  for (let seed = 0; seed < 50; seed++) {
    const view = built.augment(written(residues), new Rng(seed));
    assert.ok(view.ids.length >= 8 && view.ids.length <= 14);
    view.ids.forEach((id, at) => {
      const letter = built.vocabulary.token(id);
      assert.ok(letter === "<mask>" || letter === residues[view.start + at]);
    });
  }
});

test("a typed protein may be FASTA; pages show name, beginning and length", async () => {
  const source = givenProtein(">sp|P1|X header\nMKTA\nYIAK*\n");
  assert.deepEqual(await source.read(0), { residues: "MKTAYIAK", name: "sp|P1|X" });
  assert.deepEqual(await givenProtein("mkta yiak").read(0), { residues: "MKTAYIAK", name: "" });
  await assert.rejects(givenProtein("hello world 1").read(0), { name: "BrokenSample" });
  assert.equal(built.show(await source.read(0)).text, "sp|P1|X: MKTAYIAK (8 residues)");
  const { text } = built.show(written("M".repeat(2000)));
  assert.match(text, /^p: M{60}… \(2,000 residues\)$/);
});
