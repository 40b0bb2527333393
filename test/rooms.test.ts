import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const src = fileURLToPath(new URL("../src/", import.meta.url));

/** Which rooms a room may import, beside itself and the foundation. Types may come from anywhere to the left. */
const may: Record<string, readonly string[]> = {
  foundation: [],
  array: [],
  engine: ["array"],
  layers: ["array"],
  objectives: ["array"],
  encoders: ["array", "layers"],
  modalities: ["array"],
  methods: ["array", "layers", "encoders", "objectives", "modalities"],
  interop: ["array", "engine", "encoders", "layers"],
  training: ["array", "engine", "layers", "objectives", "encoders", "modalities", "methods", "interop"],
  evaluation: ["array", "engine", "layers", "objectives", "encoders", "modalities", "training", "interop"],
  serving: ["array", "engine", "encoders", "modalities", "training", "evaluation", "interop"],
  cli: [],
};
/** The whole library; and training's options by themselves, which `pretrain --help` shows without loading the rest. */
const ofCli = ["index.ts", "training/run/config.ts"];
/** The plain-TypeScript part of the arrays: what workers load must not start jax-js. */
const jaxFree = ["array/rng.ts", "array/tensor.ts", "array/tree.ts"];

const files = (await readdir(src, { recursive: true })).filter((name) => name.endsWith(".ts"));
const importsOf = (text: string) => text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'";]*?from\s+)?"(\.[^"]+)";/gms);

test("rooms import only what they may", async () => {
  for (const name of files.filter((file) => file !== "index.ts")) {
    const room = name.split("/")[0]!;
    for (const [, isType, target = ""] of importsOf(await readFile(join(src, name), "utf8"))) {
      const path = relative(src, join(dirname(join(src, name)), target));
      const other = path.split("/")[0]!;
      if (other === room || other === "foundation" || isType) continue;
      // A kind's commands are the command line's, and have its helpers; what the kind itself does needs none of them.
      const isCommand = other === "cli" && /^modalities\/[^/]+\/commands\//.test(name);
      const allowed = room === "cli" ? ofCli.includes(path) : isCommand || may[room]?.includes(other);
      assert.ok(allowed, `${name} imports ${path}, which ${room} may not`);
      if (room === "modalities" && other === "array")
        assert.ok(jaxFree.includes(path), `${name} imports ${path}: modalities keep clear of jax-js`);
    }
  }
});

test("no file is longer than 300 lines", async () => {
  for (const name of files) {
    const lines = (await readFile(join(src, name), "utf8")).split("\n").length;
    assert.ok(lines <= 301, `${name} has ${lines} lines`);
  }
});
