import assert from "node:assert/strict";
import { access, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { withStages } from "../examples/compiler/stages.ts";
import { commands } from "../src/cli/commands.ts";
import { kinds } from "../src/cli/kinds.ts";
import { methods, pretrain } from "../src/index.ts";
import { inFolder, writeImages } from "./support/cli.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

test("the method of docs/add-a-method.md learns, as it stands there", async () => {
  const page = await readFile(join(root, "docs", "add-a-method.md"), "utf8");
  const [, code = ""] = /```ts\n([\s\S]*?)```/.exec(page) ?? [];
  // Inside the package, so that "autodidact" is this very code.
  const file = join(root, "test", `generated-denoise-${process.pid}.ts`);
  await writeFile(file, code);
  try {
    await inFolder(async (folder) => {
      const images = join(folder, "images");
      await writeImages(images, 16);
      const run = await pretrain({
        data: images,
        out: join(folder, "run"),
        method: file,
        encoder: "resnet",
        encoderOptions: { layers: "8", width: 4, stem: "stride2" },
        modalityOptions: { imageSize: 16 },
        training: { epochs: 12, batchSize: 16, learningRate: 0.01, logEvery: 1, workers: 1, warmupEpochs: 0 },
      });
      const losses = (await run.metrics()).map(({ loss }) => loss);
      assert.equal(losses.length, 24);
      assert.ok(losses.at(-1)! < 0.8 * losses[0]!, `loss from ${losses[0]} to ${losses.at(-1)}`);
    });
  } finally {
    await rm(file);
  }
});

test("every page that docs link to is there, and every command that the README shows exists", async () => {
  const docs = join(root, "docs");
  const pages = new Set((await readdir(docs)).filter((name) => name.endsWith(".md")));
  for (const page of pages) {
    const text = await readFile(join(docs, page), "utf8");
    for (const [, target = ""] of text.matchAll(/\]\(([\w-]+\.md)\)/g))
      assert.ok(pages.has(target), `${page}: ${target}`);
    for (const [, target = ""] of text.matchAll(/\]\(((?:\.\.|images)\/[^)#]+)/g)) await access(join(docs, target));
  }
  const readme = await readFile(join(root, "README.md"), "utf8");
  for (const [, target = ""] of readme.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) await access(join(root, target));
  const texts = [readme, ...(await Promise.all([...pages].map((page) => readFile(join(docs, page), "utf8"))))];
  for (const [, words = ""] of texts.join("\n").matchAll(/^(?:npx )?autodidact ([a-z-]+(?: [a-z]+)?)(?= )/gm)) {
    const [first = "", second = ""] = words.split(" ");
    const table = kinds[first] ? (await kinds[first].load()).commands : commands;
    const name = kinds[first] ? second : first;
    assert.ok(
      Object.values(table).some((lines) => Object.hasOwn(lines, name)),
      words,
    );
  }
});

test("the README is one page: at most 120 lines", async () => {
  const lines = (await readFile(join(root, "README.md"), "utf8")).trimEnd().split("\n");
  assert.ok(lines.length <= 120, `README.md has ${lines.length} lines; long tables belong in docs/measured.md`);
});

test("docs/measured.md lists its sections", async () => {
  const page = await readFile(join(root, "docs", "measured.md"), "utf8");
  const anchor = (title: string) => title.toLowerCase().replaceAll(" ", "-");
  const sections = [...page.matchAll(/^## (.+)$/gm)].map(([, title = ""]) => `[${title}](#${anchor(title)})`);
  const listed = [...page.matchAll(/^\| (\[.+\]\(#.+\)) \|/gm)].map(([, link]) => link);
  assert.deepEqual(listed, sections);
});

test("docs/methods.md has every method in its table", async () => {
  const page = await readFile(join(root, "docs", "methods.md"), "utf8");
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  for (const { name, family, paper } of await methods.all())
    assert.ok(
      rows.some((row) => row.includes(`\`${name}\``) && row.includes(`| ${family} |`) && row.includes(paper)),
      name,
    );
});

test("docs/compiler.md shows what the compiler does (else: node examples/compiler/stages.ts)", async () => {
  const page = await readFile(join(root, "docs", "compiler.md"), "utf8");
  assert.equal(await withStages(page), page);
});
