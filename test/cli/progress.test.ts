import assert from "node:assert/strict";
import { test } from "node:test";
import { stageLine } from "../../src/cli/progress.ts";

/** What a stream was given; the clock stands where the test puts it. */
function written(isTTY: boolean, use: (line: ReturnType<typeof stageLine>, at: (seconds: number) => void) => void) {
  const texts: string[] = [];
  const stream = Object.assign(Object.create(process.stderr), {
    isTTY,
    columns: 80,
    write: (text: string) => texts.push(text) > 0,
  });
  const clock = performance.now;
  let now = 0;
  performance.now = () => now;
  try {
    use(stageLine(stream), (seconds) => {
      now = 1000 * seconds;
    });
  } finally {
    performance.now = clock;
  }
  return texts;
}

test("a stage says how far it is and, once that can be told, the time left", () => {
  const texts = written(true, (line, at) => {
    line.update("from scratch", 0, 3000);
    at(60);
    line.update("from scratch", 300, 3000);
    at(598);
    line.update("from scratch", 2990, 3000);
  });
  assert.deepEqual(
    texts.map((text) => text.replace("\r\u001b[2K", "")),
    ["from scratch: 0/3,000", "from scratch: 300/3,000 · 9 min 0 s left", "from scratch: 2,990/3,000"],
  );
});

test("with a unit a stage says how many there are in a second, of one that begins in the middle too", () => {
  const texts = written(true, (line, at) => {
    line.update("head", 100, 3000, "windows");
    at(10);
    line.update("head", 600, 3000, "windows");
    line.update("tuned", 0, 60, "steps");
    at(30);
    line.update("tuned", 10, 60, "steps");
  });
  assert.deepEqual(
    texts.map((text) => text.replace("\r\u001b[2K", "")),
    [
      "head: 100/3,000",
      "head: 600/3,000 · 50 windows/s · 48 s left",
      "tuned: 0/60",
      "tuned: 10/60 · 0.5 steps/s · 1 min 40 s left",
    ],
  );
});

test("in a log a long stage has a line every half minute, a short one its name alone", () => {
  const texts = written(false, (line, at) => {
    for (const seconds of [0, 10, 29, 31, 40, 62]) {
      at(seconds);
      line.update("features", seconds, 100);
    }
    line.update("kNN", 0, 1);
    line.update("kNN", 1, 1);
  });
  assert.deepEqual(texts, [
    "features …\n",
    "features: 31/100 · 1 min 9 s left\n",
    "features: 62/100 · 38 s left\n",
    "kNN …\n",
  ]);
});
