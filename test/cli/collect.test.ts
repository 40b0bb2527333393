import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { autodidact, inFolder } from "../support/cli.ts";

test("collect records, goes on, and says in one line what it cannot do", () =>
  inFolder(async (folder) => {
    const out = join(folder, "tries");
    const collect = (...args: string[]) => autodidact("collect", ...args, "--out", out, "--workers", "0");
    const first = collect("deep-sea", "--size", "4", "--attempts", "20");
    assert.equal(first.code, 0, first.stderr);
    assert.match(
      first.stdout,
      /tries: 20 episodes, 80 frames; \d succeeded \(\d+\.\d %\)\nnext: autodidact pretrain .*tries$/m,
    );
    const more = collect("deep-sea", "--size", "4", "--attempts", "25", "--json");
    const { episodes, frames, attempts } = JSON.parse(more.stdout);
    assert.deepEqual([episodes, frames, attempts], [25, 100, 25]);
    assert.match(more.stderr, /tries: goes on after 20 attempts/);
    const info = JSON.parse(autodidact("info", out, "--json").stdout);
    assert.deepEqual([info.modality, info.entries], ["experience", 100]);
    // What is seen are numbers, so the encoder is one of numbers.
    const run = join(folder, "run");
    const trained = autodidact(..."pretrain --preset small --epochs 1 --width 8 --depth 2 --out".split(" "), run, out);
    assert.equal(trained.code, 0, trained.stderr);
    assert.match(autodidact("info", run).stdout, /^encoder +mlp: /m);
    for (const [args, message] of [
      [["deep-sea", "--attempts", "30"], /recorded with size 4, not 10; go on as it was begun, or name a new folder/],
      [["deep-sea", "--size", "4", "--attempts", "none"], /--attempts none: must be a whole number of at least 1/],
      [["deep-see", "--attempts", "30"], /unknown environment "deep-see" \(did you mean deep-sea\?\)/],
      [["deep-sea", "--size", "4", "--attempts", "30", "--policy", "clever"], /no such policy; there are: random/],
      [
        ["deep-sea", "--attempts", "30", "--with", "runs/x", "--policy", "random"],
        /--with and --policy: one of them acts/,
      ],
    ] as const) {
      const { code, stdout, stderr } = collect(...args);
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n {4}at /);
    }
  }));
