import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { environments } from "../../src/index.ts";
import { autodidact, inFolder } from "../support/cli.ts";

const example = fileURLToPath(new URL("../../examples/own-environment.ts", import.meta.url));

test("environments lists the worlds, for people and for programs", () => {
  const { code, stdout } = autodidact("environments");
  assert.equal(code, 0);
  const [heading, ...rows] = stdout.trim().split("\n");
  assert.match(heading!, /^environment +baselines +source +task$/);
  assert.deepEqual(rows.map((row) => row.split(" ")[0]).sort(), [...environments.names]);
  const listed = JSON.parse(autodidact("environments", "--json").stdout);
  assert.deepEqual(listed.map(({ name }: { name: string }) => name).sort(), [...environments.names]);
});

test("of one it shows spaces, options and what they change", () => {
  const shown = (...args: string[]) => autodidact("environments", ...args).stdout;
  const sea = shown("deep-sea", "--size", "20");
  assert.match(sea, /^observation state +400 numbers from 0 to 1$/m);
  assert.match(sea, /^action +2 choices$/m);
  assert.match(sea, /^--size +20 +rows and columns/m);
  const { observations, actions } = JSON.parse(shown("hopper", "--json"));
  assert.match(observations.state, /^11 numbers/);
  assert.match(actions, /^3 numbers \(thigh, leg, foot\) from -1 to 1$/);
  assert.match(shown("navigate"), /^evaluated with +--goals --part test$/m);
  assert.match(shown("deep-sea", "--help"), /Environment deep-sea:\n +--size <value>/);
});

test("a world in a file of one's own is shown as the built-in ones are", (context) => {
  // So that "autodidact" is these sources in the child process, too.
  const before = process.env.NODE_OPTIONS;
  process.env.NODE_OPTIONS = `${before ?? ""} --conditions=autodidact-source`;
  context.after(() => {
    if (before === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = before;
  });
  const { stdout, stderr } = autodidact("environments", example, "--power", "2");
  assert.equal(stderr, "");
  assert.match(stdout, /^observation state +4 numbers/m);
  assert.match(stdout, /^--power +2 /m);
});

test("a name that is none, an option that is not allowed, a file without a world: one line, code 2", () =>
  inFolder(async (folder) => {
    const file = join(folder, "empty.ts");
    await writeFile(file, "export const nothing = 1;\n");
    const cases: [string[], RegExp][] = [
      [["deep-see"], /unknown environment "deep-see" \(did you mean deep-sea\?\)/],
      [["deep-sea", "--size", "1"], /--size 1: must be a whole number of at least 2/],
      [["hopper", "--size", "1"], /unknown option '--size'/],
      [["mujoco"], /needs the file of a model: --model robot\.xml/],
      [[file], /empty\.ts: exports no environment/],
      [["./none.ts"], /none\.ts: could not be loaded as an environment/],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = autodidact("environments", ...args);
      assert.equal(code, 2, args.join(" "));
      assert.equal(stdout, "");
      assert.match(stderr, /^autodidact: [^\n]*\n$/);
      assert.match(stderr, message);
    }
  }));
