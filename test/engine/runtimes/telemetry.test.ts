import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { inFolder } from "../../support/cli.ts";

const src = fileURLToPath(new URL("../../../src/", import.meta.url));
const engine = new URL("../../../src/engine/index.ts", import.meta.url).href;
const PROGRAM = `
const { compile } = await import(${JSON.stringify(engine)});
const spec = { dtype: "float32", shape: [2] };
const program = await compile((x) => x.mul(2), [spec], { name: "twice" });
const result = await program.run({ dtype: "float32", shape: [2], data: Float32Array.of(1, 2) });
console.log(process.env.ORT_DISABLE_TELEMETRY, [...(await result.read()).data].join());
await new Promise((done) => setTimeout(done, 1500));
`;

function computed(folder: string, env: Readonly<Record<string, string>>): string {
  const { HOME: _, TMPDIR: __, ORT_DISABLE_TELEMETRY: ___, ...rest } = process.env;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["--conditions=autodidact-source", "--input-type=module", "--eval", PROGRAM],
    { encoding: "utf8", env: { ...rest, HOME: folder, TMPDIR: folder, NODE_COMPILE_CACHE: "", ...env } },
  );
  assert.equal(stderr, "");
  return stdout.trim();
}

test("ONNX Runtime is told to report to nobody before it is loaded, and leaves no file at home", () =>
  inFolder(async (folder) => {
    assert.equal(computed(folder, {}), "1 2,4");
    assert.deepEqual(await readdir(folder), []);
  }));

test("whoever sets the variable decides", () =>
  inFolder(async (folder) => {
    assert.equal(computed(folder, { ORT_DISABLE_TELEMETRY: "0" }).split(" ")[0], "0");
  }));

test("one module loads ONNX Runtime", async () => {
  const files = (await readdir(src, { recursive: true })).filter((name) => name.endsWith(".ts"));
  const loaders = [];
  for (const name of files)
    if (/^(?:import|export) .*"(?:#onnxruntime|onnxruntime-[^"]*)"/m.test(await readFile(join(src, name), "utf8")))
      loaders.push(name);
  assert.deepEqual(loaders, ["engine/runtimes/ort.ts"]);
});
