import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { shortNames, withTitles } from "../../../src/evaluation/drawing/short-names.ts";
import { confusionChart } from "../../../src/evaluation/label-efficiency/label-charts.ts";

test("short names stay, common prefixes go, and distinguishing parts are kept", () => {
  assert.deepEqual(shortNames(["cat", "dog"]), ["cat", "dog"]);
  const characters = [1, 2, 10].map((at) => `Alphabet_of_the_Magi/character${`${at}`.padStart(2, "0")}`);
  assert.deepEqual(shortNames(characters), ["…character01", "…character02", "…character10"]);
  const kana = ["Japanese_(hiragana)/character01", "Japanese_(katakana)/character01", "Korean/character01"];
  assert.equal(new Set(shortNames(kana)).size, 3);
  // Only whole words go, and never all of a name.
  assert.deepEqual(shortNames(["long_family_", "long_family_of_one"]), ["…family_", "…family_of_one"]);
});

test("any names become short and stay distinct", () => {
  const name = fc.string({ unit: fc.constantFrom("a", "b", "/", "_", "…", "é", "猫", "🦊", "&"), maxLength: 60 });
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 40 }), (names) => {
      const short = shortNames(names);
      assert.equal(new Set(short).size, names.length);
      for (const each of short) assert.ok([...each].length <= 16, each);
    }),
  );
  const alike = Array.from(
    { length: 40 },
    (_, at) => `${"x".repeat(30)}${at % 2 ? "y" : "z"}${"x".repeat(at)}${"w".repeat(30)}`,
  );
  assert.equal(new Set(shortNames(alike)).size, 40);
});

test("the matrix has short names, and full ones as titles", async () => {
  const classes = ["Alphabet_of_the_Magi/<one>", "Alphabet_of_the_Magi/two"];
  const svg = await confusionChart(
    [
      [1, 0],
      [0, 1],
    ],
    classes,
  );
  const titled = (short: string, whole: string) => svg.split(`<title>${whole}</title>${short}</text>`).length - 1;
  assert.equal(titled("…&lt;one&gt;", "Alphabet_of_the_Magi/&lt;one&gt;"), 2);
  assert.equal(titled("…two", "Alphabet_of_the_Magi/two"), 2);
  assert.equal(withTitles("<text x>cat</text>", ["cat"], ["cat"]), "<text x>cat</text>");
});
