import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import sharp from "sharp";
import { image } from "../../src/modalities/image/index.ts";
import { autodidact, inFolder, TINY } from "../support/cli.ts";

const data = process.env.AUTODIDACT_DATA ?? fileURLToPath(new URL("../../../shared/data", import.meta.url));
const cifar = join(data, "cifar10");

/** Writes the first `count` images of each class of an archive to a folder of PNGs. */
async function extract(archive: string, to: string, count: number): Promise<void> {
  const source = await image.open(archive);
  const taken = new Map<string, number>();
  for (let index = 0; index < source.length; index++) {
    const name = source.name(index);
    const label = dirname(name);
    const already = taken.get(label) ?? 0;
    if (already === count) continue;
    taken.set(label, already + 1);
    await mkdir(join(to, label), { recursive: true });
    const { width, height, channels, data } = await source.read(index);
    await sharp(data, { raw: { width, height, channels: channels === 1 ? 1 : 3 } }).toFile(
      join(to, name.replace(".jpg", ".png")),
    );
  }
  await source.close();
}

test("every command works on real photographs, one after the other", async (context) => {
  if (!existsSync(cifar)) {
    context.skip(`no CIFAR-10 at ${cifar}`);
    return;
  }
  await inFolder(async (folder) => {
    const [train, unseen, run] = [join(folder, "train"), join(folder, "test"), join(folder, "run")];
    await extract(join(cifar, "train-20k.zip"), train, 12);
    await extract(join(cifar, "test-5k.zip"), unseen, 4);
    const fine = (...args: string[]) => {
      const ended = autodidact(...args);
      assert.equal(ended.code, 0, ended.stderr);
      assert.doesNotMatch(ended.stderr, /\n {4}at /);
      return ended.stdout;
    };

    const trained = JSON.parse(fine("pretrain", train, "--out", run, ...TINY, "--epochs", "2", "--json"));
    assert.equal(trained.step, 30);
    for (const name of ["config.json", "metrics.jsonl", "checkpoints/last.safetensors", "checkpoints/best.safetensors"])
      assert.ok((await stat(join(run, name))).size > 0, name);
    assert.ok((await readdir(run)).some((name) => name.startsWith("events.out.tfevents.")));
    assert.match(autodidact("pretrain", "--resume", run).stderr, /is finished: 30 of 30 steps/);

    const evaluated = ["evaluate", run, "--train", train, "--test", unseen, "--steps", "2"];
    const evaluation = JSON.parse(fine(...evaluated, "--label-count", "40", "--draws", "2", "--json"));
    assert.deepEqual(
      evaluation.contestants.map(({ role }: { role: string }) => role),
      ["pretrained", "untrained", "baseline", "scratch"],
    );
    assert.equal(evaluation.train.used, 40);
    assert.match(fine(...evaluated, "--no-scratch"), /pretrained +\d+\.\d %/);
    for (const name of ["evaluation.json", "loss.svg", "loss.png", "accuracy.svg", "accuracy.png", "neighbours.png"])
      assert.ok((await stat(join(run, name))).size > 0, name);

    const table = join(folder, "train.parquet");
    fine("embed", run, train, "--out", table);
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(table) });
    assert.equal(rows.length, 120);
    assert.equal(rows[0]?.embedding.length, 16);
    const first = "airplane/0000.png";
    assert.equal(rows[0]?.path, first);
    assert.equal(rows[0]?.label, "airplane");

    const page = join(folder, "neighbours.html");
    const found = JSON.parse(
      fine("search", run, join(train, first), "--in", table, "--top", "3", "--html", page, "--json"),
    );
    assert.equal(found[0].path, first);
    assert.ok(Math.abs(found[0].similarity - 1) < 1e-3);
    const html = await readFile(page, "utf8");
    assert.equal(html.match(/data:image\/png;base64/g)?.length, 4);

    fine("export", run, "--out", join(folder, "model"));
    assert.match(await readFile(join(folder, "model", "README.md"), "utf8"), /pre-trained with simclr/);
    assert.equal(JSON.parse(fine("info", run, "--json")).last.step, 30);
    const data = JSON.parse(fine("info", train, "--json"));
    assert.deepEqual([data.entries, data.classes.length, data.classes[3].count], [120, 10, 12]);
    assert.match(fine("methods"), /simclr +contrastive/);
  });
});
