import assert from "node:assert/strict";
import { cp, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Rng } from "../../../src/array/index.ts";
import { encoders } from "../../../src/encoders/index.ts";
import { UserError } from "../../../src/foundation/errors.ts";
import { batchFor } from "../../../src/training/features.ts";
import { checkpointPath } from "../../../src/training/run/checkpoint.ts";
import { methodOf, openRun } from "../../../src/training/run/run.ts";
import { autodidact, inFolder, TINY, writeImages } from "../../support/cli.ts";

interface Config {
  encoder: { name: string; options: Record<string, unknown> };
  method: { options: Record<string, unknown> };
  modality: { options: Record<string, unknown>; files?: Record<string, string> };
  training: Record<string, unknown>;
  data: Record<string, unknown>;
}

test("sizes in config.json are compared with the checkpoint before anything of that size is made", () =>
  inFolder(async (folder) => {
    const data = join(folder, "data");
    await writeImages(data, 8);
    const run = join(folder, "run");
    assert.equal(autodidact("pretrain", data, ...TINY, "--out", run).code, 0);
    let count = 0;
    const changed = async (change: (config: Config) => void) => {
      const bad = join(folder, `bad${count++}`);
      await cp(run, bad, { recursive: true });
      const config: Config = JSON.parse(await readFile(join(bad, "config.json"), "utf8"));
      change(config);
      await writeFile(join(bad, "config.json"), JSON.stringify(config));
      return bad;
    };
    const vit = { width: 8192, depth: 24, heads: 64, patchSize: 4 };
    const before = process.memoryUsage().rss;
    const cases: [(config: Config) => void, RegExp][] = [
      [(config) => Object.assign(config.encoder, { name: "vit", options: vit }), /config\.json asks for more/],
      [
        (config) => Object.assign(config.encoder.options, { width: 8 }),
        /params\.encoder\.stem\.conv.* asks for float32/,
      ],
      [(config) => Object.assign(config.encoder.options, { width: 16_384, layers: "50" }), /asks for more/],
      [(config) => Object.assign(config.encoder.options, { width: 1e9 }), /option width is 1000000000; it must be/],
      [(config) => Object.assign(config.modality.options, { imageSize: 1e6 }), /imageSize is 1000000; it must be/],
      [(config) => Object.assign(config.encoder.options, { width: -1 }), /option width is -1; it must be/],
      [(config) => Object.assign(config.training, { workers: 1e6 }), /config\.json: training\.workers/],
      [(config) => Object.assign(config.training, { batchSize: 1e9 }), /config\.json: training\.batchSize/],
      [(config) => Object.assign(config.modality, { files: { "../../x": "a".repeat(64) } }), /modality\.files/],
      [(config) => Object.assign(config.data, { entries: 1e15 }), /data\.entries/],
    ];
    for (const [change, message] of cases) {
      const bad = await changed(change);
      await assert.rejects(openRun(bad), { name: "UserError", message });
    }
    const grown = (process.memoryUsage().rss - before) / 2 ** 20;
    assert.ok(grown < 300, `${grown.toFixed(0)} MiB`);

    const wide = await changed((config) => Object.assign(config.method.options, { projectionDim: 16_384 }));
    // The encoder is whole, and what embeds it needs no more.
    const opened = await openRun(wide);
    await assert.rejects(methodOf(opened), { name: "UserError", message: /config\.json asks for/ });
    const tooWide = await changed((config) => Object.assign(config.encoder, { name: "vit", options: vit }));
    for (const args of [
      ["pretrain", "--resume", tooWide],
      ["pretrain", "--resume", wide],
      ["pretrain", data, "--from", tooWide, "--out", join(folder, "next")],
      ["distill", tooWide, data, "--out", join(folder, "small")],
      ["embed", tooWide, data, "--out", join(folder, "x.parquet")],
      ["serve", tooWide, "--port", "0"],
    ]) {
      const { code, stderr } = autodidact(...args);
      assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
      assert.match(stderr, /^autodidact: .*config\.json asks for/m);
    }

    // A file that says it is a terabyte long.
    const sparse = await changed(() => undefined);
    await truncate(checkpointPath(sparse, "last"), 2 ** 40);
    await assert.rejects(openRun(sparse), { name: "UserError", message: /bytes of tensors, expected/ });
  }));

test("batches of large samples, or of many tokens, have fewer samples; an input of too many patches is refused", async () => {
  const specs = (...shape: number[]) => ({ specs: { pixels: { dtype: "float32", shape } as const } });
  assert.equal(batchFor(specs(3, 96, 96)), 256);
  assert.equal(batchFor(specs(3, 224, 224)), 256);
  assert.equal(batchFor(specs(3, 2048, 2048)), 5);
  assert.equal(batchFor(specs(3, 2 ** 15, 2 ** 15)), 1);
  const vit = await encoders.load("vit");
  const build = (size: number, patchSize: number) =>
    vit.build(vit.options.parse({ patchSize }), specs(3, size, size).specs);
  assert.equal(batchFor(specs(3, 64, 64), build(64, 4)), 256);
  assert.equal(batchFor(specs(3, 512, 512), build(512, 8)), 16);
  assert.throws(() => build(2048, 4), { name: "UserError", message: /into 262144; at most 16384 are possible/ });
});

/** Every place in a value, as the object that holds it and the key. */
function* placesIn(value: unknown): Generator<[holder: Record<string, unknown>, key: string]> {
  if (typeof value !== "object" || value === null) return;
  const holder = value as Record<string, unknown>;
  for (const key of Object.keys(holder)) {
    yield [holder, key];
    yield* placesIn(holder[key]);
  }
}

test("whatever is changed in config.json, the run opens or is refused in one line, soon", () =>
  inFolder(async (folder) => {
    const data = join(folder, "data");
    await writeImages(data, 8);
    const run = join(folder, "run");
    assert.equal(autodidact("pretrain", data, ...TINY, "--out", run).code, 0);
    const file = join(run, "config.json");
    const text = await readFile(file, "utf8");
    const values = [
      null,
      -1,
      0,
      0.5,
      3,
      8192,
      16_384,
      1e6,
      1e9,
      2 ** 53,
      1e308,
      "",
      "x",
      "vit",
      "mae",
      true,
      [],
      {},
      [1e9],
    ];
    const refused = new Set<string>();
    for (let seed = 0; seed < 250; seed++) {
      const rng = new Rng(seed);
      const config: unknown = JSON.parse(text);
      const places = [...placesIn(config)];
      for (let change = rng.integer(1, 3); change > 0; change--) {
        const [holder, key] = places[rng.integer(0, places.length - 1)]!;
        if (rng.chance(0.15)) delete holder[key];
        else holder[key] = structuredClone(values[rng.integer(0, values.length - 1)]);
      }
      await writeFile(file, JSON.stringify(config));
      const began = performance.now();
      await openRun(run)
        .then(methodOf)
        .catch((error: unknown) => {
          assert.ok(error instanceof UserError && !error.message.includes("\n"), `seed ${seed}: ${String(error)}`);
          refused.add(error.message);
        });
      assert.ok(performance.now() - began < 5000, `seed ${seed}`);
    }
    assert.ok(refused.size > 100, `${refused.size}`);
  }));
