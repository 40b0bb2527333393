import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { access, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse } from "csv-parse/sync";
import { unzipSync, zipSync } from "fflate";
import { modalities } from "../src/index.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const examples = join(root, "examples");
const names = (await readdir(examples)).filter((name) => name.endsWith(".ts"));

test("an example is short, asks a question, imports the package by its name, and stands in the table", async () => {
  const table = await readFile(join(examples, "README.md"), "utf8");
  for (const [, target = ""] of table.matchAll(/\]\(([^)#:]+)\)/g)) await access(join(examples, target));
  for (const name of names) {
    const text = await readFile(join(examples, name), "utf8");
    assert.ok(text.split("\n").length <= 61, `${name} is longer than 60 lines`);
    assert.match(text, /^\/\/ [^\n]*\?/, `${name}: no question in its first line`);
    assert.match(text, /from "autodidact"/, name);
    assert.doesNotMatch(text, /from "\./, `${name} cannot be copied`);
    assert.ok(table.includes(`](${name})`), `${name} is not in examples/README.md`);
    assert.ok(covered.includes(name.replace(".ts", "")) || name === "own-modality.ts", `${name} is not run`);
  }
});

test("the emoji of demo:captions: every picture is there, nothing that is asked for is learned from, and artists are named", async () => {
  const emoji = (name: string) => join(examples, "emoji", "data", name);
  const archive = unzipSync(await readFile(emoji("images.zip")));
  const { open } = await modalities.load("pair");
  const keys: Set<string>[] = [];
  let rows = 0;
  for (const table of ["train.csv", "test.csv"]) {
    const source = await open(emoji(table));
    rows += source.length;
    assert.equal(source.leftOut?.length ?? 0, 0);
    const things = parse<{ key: string; artist: string }>(await readFile(emoji(table)), { columns: true });
    assert.equal(new Set(source.keys).size, new Set(things.map(({ key }) => key)).size);
    keys.push(new Set(things.map(({ key }) => key)));
    const attribution = await readFile(emoji("ATTRIBUTION.md"), "utf8");
    for (const artist of new Set(things.map((thing) => thing.artist)))
      assert.ok(attribution.includes(`images/${artist}/`));
    await source.close();
  }
  assert.equal(rows, Object.keys(archive).length);
  const [learned, asked] = keys;
  assert.ok(asked!.size > 150 && [...asked!].every((key) => !learned!.has(key)));
});

const folder = await mkdtemp(join(tmpdir(), "autodidact-examples-"));
after(() => rm(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const [data, run, train, held] = ["drawings.zip", "run", "train.csv", "test.csv"].map(at) as [
  ...[string, string, string, string],
];
const query = join(examples, "omniglot", "query.png");
/** The drawing that is the query, and its copy under another name. */
const [asked, copy] = ["Tagalog/character02/0894_07.png", "Greek/character01/copy.png"];

/** Nine letters of one alphabet, one of another, and a drawing that is there twice; the tables of labels of the nine. */
async function writeData() {
  const archive = join(examples, "omniglot", "data", "images_background_small2.zip");
  const drawings = unzipSync(await readFile(archive), {
    filter: ({ name }) => /^images_background_small2\/(Tagalog\/character0|Greek\/character01).*png$/.test(name),
  });
  const inArchive = (name: string) => `images_background_small2/${name}`;
  await writeFile(data, zipSync({ ...drawings, [inArchive(copy)]: drawings[inArchive(asked)]! }, { level: 0 }));
  for (const [table, name] of [
    [train, "tagalog-train.csv"],
    [held, "tagalog-test.csv"],
  ] as const) {
    const lines = (await readFile(join(examples, "omniglot", name), "utf8")).split("\n");
    await writeFile(table, lines.filter((line) => /^path|character0/.test(line)).join("\n"));
  }
}

const start = promisify(execFile);
/** Of the drawings an epoch is one step. */
const environment = { EPOCHS: "12", STEPS: "10", DRAWS: "1" };

/** What an example prints. */
async function output(name: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await start(
    process.execPath,
    ["--conditions=autodidact-source", join(examples, `${name}.ts`), ...args],
    { cwd: root, env: { ...process.env, ...environment, ...env }, timeout: 300_000 },
  );
  return stdout;
}

const numbersIn = (text: string) => [...text.matchAll(/-?\d+(?:\.\d+)?/g)].map(([number]) => Number(number));
/** Numbers of the table row of that name; of `61.9 ± 1.2 %` both. */
const row = (text: string, name: string) =>
  numbersIn(
    text
      .split("\n")
      .find((line) => line.startsWith(name))!
      .slice(name.length),
  );
const losses = (text: string) => [...text.matchAll(/loss (-?[\d.]+)/g)].map(([, loss]) => Number(loss));

/** Of an example its arguments, and what is true of its output. */
type Check = { args: string[]; env?: Record<string, string>; holds(text: string): void | Promise<void> };

/** One example a class: more than this many percent are right. */
const learned = (text: string, chance: number) => assert.ok(row(text, "pretrained")[0]! > chance, text);

const checks: Readonly<Record<string, Check>> = {
  evaluate: {
    args: [run, data, train, held],
    holds(text) {
      const [near = 0, , linear = 0] = row(text, "pretrained");
      const [untrainedNear = 0, , untrainedLinear = 0] = row(text, "same encoder, untrained");
      assert.ok(near > untrainedNear && linear > untrainedLinear, text);
      assert.match(text, /135 test samples of 9 classes; 45 labels/);
    },
  },
  "few-labels": {
    args: [run, data, train, held, query, at("letters")],
    holds(text) {
      // The chance level is 1 / 9.
      assert.ok(row(text, "accuracy")[0]! > 2 / 9, text);
      assert.match(text, /path,prediction,probability,prediction_2,probability_2\nquery\.png,character\d\d,0\.\d+/);
    },
  },
  "label-efficiency": {
    args: [run, data, train, held],
    env: { STEPS: "4" },
    async holds(text) {
      assert.match(text, /Labels saved: /);
      assert.match(await readFile(join(run, "report", "report.html"), "utf8"), /<svg/);
    },
  },
  search: {
    args: [run, data, query],
    async holds(text) {
      assert.match(text, /^201 vectors of 192 numbers/);
      const found = [...text.matchAll(/^(\d\.\d{3}) {2}(\S+)$/gm)];
      // The query itself and its copy are nearest.
      assert.deepEqual(new Set(found.slice(0, 2).map(([, , path]) => path)), new Set([asked, copy]));
      assert.equal(found[0]?.[1], "1.000");
      assert.match(await readFile(join(run, "neighbours.html"), "utf8"), /<img/);
    },
  },
  duplicates: {
    args: [run, data],
    async holds() {
      const lines = (await readFile(join(run, "duplicates.csv"), "utf8")).split("\n").map((line) => line.split(","));
      const groupOf = (path: string) => lines.find((cells) => cells[0] === "duplicate" && cells[2] === path)?.[1];
      assert.ok(groupOf(asked) && groupOf(asked) === groupOf(copy), "the drawing and its copy");
    },
  },
  "what-to-label": {
    args: [run, data],
    async holds() {
      const [, ...rows] = (await readFile(join(run, "suggestions.csv"), "utf8")).trim().split("\n");
      assert.equal(new Set(rows.map((line) => line.split(",")[1])).size, 20);
    },
  },
  serve: {
    args: [run, data, query],
    holds(text) {
      const { neighbours } = JSON.parse(text.slice(text.indexOf("{")));
      assert.ok([asked, copy].includes(neighbours[0][0].path) && neighbours[0][0].similarity > 0.999, text);
    },
  },
  "transformers-js": {
    args: [run, at("exported"), query],
    holds(text) {
      assert.match(text, /a vector \[1,192\] from transformers\.js/);
      const values = numbersIn(text.slice(text.indexOf("transformers.js: ") + 17));
      assert.ok(new Set(values).size > 2 && values.every((value) => value >= 0), "features behind a ReLU");
    },
  },
  quantize: {
    args: [run, at("int8"), data, train, held],
    async holds(text) {
      assert.ok(row(text, "int8, static")[1]! < 35, "percent of the size");
      await access(at("int8/onnx/model_quantized.onnx"));
    },
  },
  distill: {
    args: [run, data, at("student")],
    holds(text) {
      assert.ok(row(text, "student")[0]! < 0.3 * row(text, "teacher")[0]!, "megabytes");
      const [first = 0, last = 0] = [losses(text)[0], losses(text).at(-1)];
      assert.ok(last < first, `loss from ${first} to ${last}`);
    },
  },
  "image-mae": {
    args: [data, at("mae")],
    async holds(text) {
      const [first = 0, last = 0] = [losses(text)[0], losses(text).at(-1)];
      assert.ok(last < first, `loss from ${first} to ${last}`);
      assert.match(text, /8 images; original, masked, reconstruction/);
      assert.equal((await readFile(at("mae/reconstructions.png"))).toString("latin1", 1, 4), "PNG");
    },
  },
  "text-bert": {
    args: [join(examples, "sentences.txt"), at("bert")],
    env: { EPOCHS: "5" },
    holds(text) {
      const shares = [...text.matchAll(/([\d.]+) %/g)].map(([, share]) => Number(share));
      assert.equal(shares.length, 5);
      assert.deepEqual(
        shares,
        shares.toSorted((a, b) => b - a),
      );
      // Of 182 tokens by chance: 5.2.
      assert.ok(losses(text).at(-1)! < 4, text);
    },
  },
  combine: {
    args: [data, at("combined")],
    env: { EPOCHS: "3" },
    holds(text) {
      const sums = [...text.matchAll(/: ([\d.]+) = SimCLR ([\d.]+) \+ 0\.5 × rotation ([\d.]+)/g)];
      assert.ok(sums.length > 0);
      for (const [, loss, first, second] of sums)
        assert.ok(Math.abs(Number(loss) - (Number(first) + 0.5 * Number(second))) < 0.002, text);
    },
  },
  curriculum: {
    args: [data, at("curriculum")],
    env: { EPOCHS: "16" },
    holds(text) {
      const rows = [...text.matchAll(/temperature ([\d.]+), ±([\d.]+)°/g)].map(([, ...values]) => values.map(Number));
      assert.ok(rows.length > 1 && rows[0]![0]! > 0.1, text);
      assert.deepEqual(rows.at(-1), [0.1, 12]);
    },
  },
  // Five classes: the chance level is 20 %.
  "own-method": { args: [data, at("own-method")], env: { EPOCHS: "3" }, holds: (text) => learned(text, 25) },
  "own-augmentation": { args: [data, at("erased")], env: { EPOCHS: "2" }, holds: (text) => learned(text, 25) },
  "own-environment": {
    args: [],
    holds(text) {
      const [random = 0, thermostat = 0] = [...text.matchAll(/: (-[\d.]+) in a day/g)].map(([, value]) =>
        Number(value),
      );
      assert.ok(random < 3 * thermostat && thermostat < 0, text);
    },
  },
  "own-modality-train": {
    args: [join(examples, "waves.csv"), at("waves")],
    env: { EPOCHS: "30" },
    // Phases differ, so that the values themselves say nothing.
    holds: (text) => learned(text, row(text, "raw values")[0]! + 5),
  },
};
const covered = ["image-simclr", ...Object.keys(checks)];

describe("every example says something true", { concurrency: 2 }, async () => {
  await writeData();
  const simclr = await output("image-simclr", [data, run], { EPOCHS: "20" });
  test("image-simclr", () => {
    const [first = 0, last = 0] = [losses(simclr)[0], losses(simclr).at(-1)];
    assert.ok(last < first && last < Math.log(255), `loss from ${first} to ${last}`);
    assert.match(simclr, /on 201 images/);
  });
  for (const [name, { args, env, holds }] of Object.entries(checks))
    test(name, async () => holds(await output(name, args, env)));
});
