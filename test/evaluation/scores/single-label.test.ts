import assert from "node:assert/strict";
import { test } from "node:test";
import type { Source } from "../../../src/data/index.ts";
import { requireSingleLabel } from "../../../src/evaluation/scores/single-label.ts";

/** Labels only: nothing else is looked at. */
const sourceOf = (texts: readonly string[]): Source<unknown> => {
  const classes = [...new Set(texts)].sort();
  return {
    length: texts.length,
    classes,
    labels: Int32Array.from(texts, (text) => classes.indexOf(text)),
    name: (index) => `${index}`,
    read: () => Promise.reject(new Error("read")),
    manifest: undefined,
    close: () => Promise.resolve(),
  };
};

const numbers = (count: number, of: (at: number) => number) => Array.from({ length: count }, (_, at) => `${of(at)}`);

test("several labels a sample and values are refused, naming the right commands", () => {
  const refused = (texts: readonly string[], message: RegExp, task?: string) =>
    assert.throws(() => requireSingleLabel("some.csv", sourceOf(texts), task), { name: "UserError", message });
  refused(["cat|dog", "cat", "cow"], /^some\.csv: the labels are several labels a sample \("cat\|dog"\).*multi-label/);
  refused(["cat|dog", "cow"], /multi-label/, "multi-label");
  const measured = numbers(40, (at) => at / 8);
  refused(
    measured,
    /^some\.csv: the labels are values \("0"\).*; evaluate, report and finetune take --task regression$/,
  );
  refused(
    numbers(40, (at) => at * at),
    /values/,
  );
  refused(["1", "2", "3"], /values/, "regression");
});

test("class names may hold numbers and bars", () => {
  const taken = (texts: readonly string[], task?: string) => requireSingleLabel("x", sourceOf(texts), task);
  taken(["cat", "dog"], "regression");
  taken(["0", "1", "1"]);
  // Stars in halves, and a hundred numbered classes.
  taken(numbers(90, (at) => (at % 11) / 2));
  taken(numbers(1000, (at) => at % 100));
  // One example of each.
  taken(numbers(40, (at) => at));
  taken(["a|b", "c|d"]);
  taken(["same", "alike", "same"], "similarity");
});
