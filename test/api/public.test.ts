import assert from "node:assert/strict";
import { access, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { pretrain } from "../../src/index.ts";
import { inFolder, writeImages } from "../support/cli.ts";
import { inPackage, typeErrors } from "./compile.ts";
import { methodFiles, root } from "./methods.ts";

type Module = Readonly<Record<string, unknown>>;
const files = await methodFiles();

test("whatever a built-in method imports is public, and the very same", async () => {
  assert.ok(files.length >= 44);
  for (const { name: method, imports } of files)
    for (const { name, isType, isAll, from, subpath } of imports) {
      if (isType) continue;
      const inside: Module = await import(pathToFileURL(join(root, "src", from)).href);
      const outside: Module = await import(subpath);
      assert.ok(name in outside, `${method} needs ${name} of src/${from}, which ${subpath} does not have`);
      assert.equal(outside[name], isAll ? inside : inside[name], `${name} of ${subpath} is another than that of src/${from}`);
    }
});

test("every built-in method compiles as a user's file, with its options' types", () =>
  inPackage(Object.fromEntries(files.map(({ name, rewritten }) => [`${name}.ts`, rewritten])), async (folder) => {
    assert.equal(await typeErrors(folder), "");
  }));

const TEXTS = "the cat sat on the mat. a dog ran in the park. my bird sang from a tree.\n".repeat(40);
const vit = { width: 16, depth: 1, heads: 2, patchSize: 4 };
const transformer = { width: 16, depth: 1, heads: 2 };
/** Methods that take steps as users' files, and what makes them small. */
const learning = {
  simclr: { encoder: "resnet", encoderOptions: { layers: "8", width: 4, stem: "stride2" } },
  mae: { encoder: "vit", encoderOptions: vit, options: { decoderWidth: 8, decoderDepth: 1, decoderHeads: 2 } },
  rotation: { encoder: "vit", encoderOptions: vit },
  bert: { encoder: "transformer", encoderOptions: transformer },
};

test("built-in methods rewritten as users' files take the same steps", () =>
  inFolder(async (data) => {
    await writeImages(join(data, "images"), 16);
    await writeFile(join(data, "texts.txt"), TEXTS);
    const chosen = files.filter(({ name }) => name in learning);
    assert.equal(chosen.length, Object.keys(learning).length);
    await inPackage(
      Object.fromEntries(chosen.map(({ name, rewritten }) => [`${name}.ts`, rewritten])),
      async (folder) => {
        for (const [name, choices] of Object.entries(learning)) {
          const lossesOf = async (method: string, out: string) => {
            const run = await pretrain({
              ...{ ...choices, method, out: join(data, out) },
              data: join(data, name === "bert" ? "texts.txt" : "images"),
              modalityOptions: name === "bert" ? { maxLength: 16, vocabularySize: 60 } : { imageSize: 16 },
              training: { epochs: 2, batchSize: 8, workers: 0, logEvery: 1, learningRate: 1e-3, optimizer: "adamw" },
            });
            return (await run.metrics()).map(({ loss }) => loss);
          };
          const theirs = await lossesOf(join(folder, `${name}.ts`), `${name}-file`);
          assert.ok(theirs.length >= 4 && theirs.every(Number.isFinite), name);
          assert.deepEqual(theirs, await lossesOf(name, name), name);
        }
      },
    );
  }));

test("every subpath has its source, its types and its code at one place", async () => {
  const { exports }: { exports: Record<string, Record<string, string> | string> } = JSON.parse(
    await readFile(join(root, "package.json"), "utf8"),
  );
  for (const [subpath, target] of Object.entries(exports)) {
    if (typeof target === "string") continue;
    assert.deepEqual(Object.keys(target), ["autodidact-source", "types", "default"], subpath);
    const source = target["autodidact-source"] ?? "";
    await access(join(root, source));
    const built = source.replace("./src/", "./dist/").replace(/\.ts$/, "");
    assert.deepEqual([target.types, target.default], [`${built}.d.ts`, `${built}.js`], subpath);
  }
});

test("every subpath but those of verbs can be bundled for a browser", async () => {
  const bundled = ["array", "data", "encoders", "image", "layers", "methods", "objectives"];
  const contents = bundled.map((name) => `export * as ${name} from "autodidact/${name}";`).join("\n");
  await build({
    stdin: { contents, resolveDir: join(root, "test", "api") },
    conditions: ["autodidact-source"],
    ...{ bundle: true, platform: "browser", format: "esm", outdir: "bundle", write: false, logLevel: "silent" },
  });
});
