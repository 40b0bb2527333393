import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { modalities } from "../../src/data/index.ts";
import { inFolder } from "../support/cli.ts";
import { withoutComments } from "../support/walls/files.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** For a browser. @throws Error that names the file, where one imports what only Node has */
const bundle = (entryPoints: readonly string[], minify = false) =>
  build({
    absWorkingDir: root,
    entryPoints: [...entryPoints],
    bundle: true,
    platform: "browser",
    format: "esm",
    outdir: "bundle",
    write: false,
    metafile: true,
    logLevel: "silent",
    minify,
  });

test("a tab trains ResNet and ViT, SimCLR and MAE, with at most 300 kB of code", () =>
  inFolder(async (folder) => {
    const { outputFiles, metafile, warnings } = await bundle(["test/browser/tab.ts"], true);
    const [code] = outputFiles;
    assert.ok(code);
    assert.deepEqual(warnings, []);
    const inputs = Object.keys(metafile.inputs);
    assert.ok(inputs.some((path) => path.includes("/onnxruntime-web/")));
    assert.deepEqual(
      inputs.filter((path) => path.includes("/onnxruntime-node/")),
      [],
    );
    const kept = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
    const languages = kept.filter(([path, { bytesInOutput }]) => /zod\/.*\/locales\//.test(path) && bytesInOutput > 0);
    assert.ok(languages.length <= 1, `zod brings ${languages.length} languages`);
    const size = gzipSync(code.contents).length;
    assert.ok(size <= 300_000, `${size} bytes`);

    // What was bundled runs, and on the other build of ONNX Runtime: its operators are there and compute the same.
    const file = join(folder, "tab.mjs");
    await writeFile(file, code.contents);
    const tab: typeof import("./tab.ts") = await import(pathToFileURL(file).href);
    const native = await import("./tab.ts");
    tab.startRuntime(await readFile(fileURLToPath(import.meta.resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"))));
    for (const name of native.trainable) {
      const [ours, theirs] = [await tab.losses(name), await native.losses(name)];
      assert.ok(theirs.at(-1)! < theirs[0]!, `${name}: ${theirs}`);
      ours.forEach((loss, step) => {
        assert.ok(Math.abs(loss - theirs[step]!) < 1e-4, `${name}, step ${step}: ${loss} and ${theirs[step]}`);
      });
    }
  }));

const inSource = async (folder: string) =>
  (await readdir(join(root, "src", folder), { recursive: true }))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `src/${folder}/${name.replaceAll("\\", "/")}`);

/** Rooms whose every file a browser can have, but for these. */
const rooms: Record<string, readonly string[]> = {
  // Files, processes and temporary folders are a machine's.
  foundation: ["contents", "files", "outputs", "parquet/", "processes", "retry", "temporary"].map(
    (name) => `src/foundation/${name}`,
  ),
  array: [],
  // An ONNX file is made smaller on a disk.
  engine: ["src/engine/quantize/index.ts", "src/engine/quantize/simplify.ts"],
  layers: [],
  objectives: [],
  graphs: [],
  encoders: [],
  methods: [],
  // The registry reaches what opens files, and what a path holds is seen on a disk.
  data: [
    "files/",
    "index",
    "labels",
    "paths/",
    "parts/column",
    "parts/groups",
    "parts/split",
    "recognise",
    "tables/",
  ].map((name) => `src/data/${name}`),
};

for (const [room, except] of Object.entries(rooms))
  test(`${room}: nothing of Node's`, async () => {
    const files = await inSource(room);
    for (const path of except)
      assert.ok(
        files.some((file) => file.startsWith(path)),
        `${path} is gone`,
      );
    await bundle(files.filter((file) => !except.some((path) => file.startsWith(path))));
  });

for (const kind of modalities.names)
  test(`${kind}: what makes tensors and views of a sample has nothing of Node's`, async () => {
    const { metafile } = await bundle([`src/modalities/${kind}/build.ts`]);
    // Bundlers do not see what is global in Node.
    for (const path of Object.keys(metafile.inputs).filter((input) => input.startsWith("src/")))
      assert.doesNotMatch(withoutComments(await readFile(join(root, path), "utf8")), /\b(Buffer|process)\./, path);
  });

test("training: the step, its schedule and what watches it have nothing of Node's", async () => {
  const files = ["step", "schedule", "curriculum", "collapse", "memory", "run/config"];
  await bundle([...files.map((name) => `src/training/${name}.ts`), "src/interop/safetensors-format.ts"]);
});

test("what needs Node is found, through other files too", async () => {
  await assert.rejects(bundle(["src/foundation/files.ts"]), /src\/foundation\/files.ts.*"node:fs\/promises"/);
  await assert.rejects(bundle(["src/interop/safetensors.ts"]), /src\/foundation\/files.ts.*"node:fs\/promises"/);
});
