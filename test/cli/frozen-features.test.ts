import assert from "node:assert/strict";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "csv-parse/sync";
import sharp from "sharp";
import { fewShot, openRun } from "../../src/index.ts";
import { autodidact, type Ended, inFolder, TINY, writeImages } from "../support/cli.ts";
import { fixture } from "../support/vectors.ts";

function refused(ended: Ended, message: RegExp): void {
  assert.equal(ended.code, 2, ended.stderr);
  assert.equal(
    ended.stderr
      .trim()
      .split("\n")
      .filter((line) => line.startsWith("autodidact:")).length,
    1,
  );
  assert.match(ended.stderr, message);
}

test("few-shot, suggest and duplicates work on images", () =>
  inFolder(async (folder) => {
    const [images, run] = [join(folder, "images"), join(folder, "run")];
    await writeImages(images, 9, 3);
    const fine = (...args: string[]) => {
      const ended = autodidact(...args);
      assert.equal(ended.code, 0, ended.stderr);
      return ended.stdout;
    };
    fine("pretrain", images, "--out", run, ...TINY);

    const episodes = ["few-shot", run, images, "--ways", "3", "--queries", "4", "--episodes", "20"];
    const few = JSON.parse(fine(...episodes, "--shots", "1,5", "--json"));
    assert.deepEqual(
      few.contestants.map(({ role }: { role: string }) => role),
      ["pretrained", "untrained", "baseline"],
    );
    // Each class has its colour: raw pixels distinguish them from five examples.
    const [one, five] = few.contestants[2].scores;
    assert.deepEqual([one.shots, five.shots], [1, 5]);
    assert.ok(five.mean > 0.9 && five.mean <= 1 && five.interval < 0.1, JSON.stringify(five));
    assert.match(fine(...episodes, "--shots", "2", "--center"), /same encoder, untrained +\d+\.\d ± \d+\.\d %/);
    refused(autodidact(...episodes, "--shots", "6"), /class "class0" has 9 examples; .* need 10/);
    await assert.rejects(fewShot({ run: await openRun(run), data: images }), {
      name: "UserError",
      message: /3 classes are too few for 5 ways/,
    });

    const table = join(folder, "suggestions.csv");
    for (const strategy of ["typicality", "k-center"]) {
      const command = ["suggest", run, images, "--budget", "4", "--strategy", strategy, "--out", table];
      const { suggestions, files } = JSON.parse(fine(...command, "--json"));
      assert.deepEqual(files, [table, join(folder, "suggestions.png")]);
      const rows: Record<string, string>[] = parse(await readFile(table), { columns: true });
      assert.deepEqual(Object.keys(rows[0]!), ["rank", "path", "score", "reason"]);
      assert.deepEqual(
        rows.map(({ path }) => path),
        suggestions.map(({ path }: { path: string }) => path),
      );
      assert.equal(new Set(rows.map(({ path }) => path)).size, 4);
      for (const { path } of rows) assert.match(path!, /^class[012]\/\d\.png$/);
      assert.equal((await sharp(join(folder, "suggestions.png")).metadata()).height, 52 + 104);
    }
    // Once labelled, they are not suggested again.
    const done = join(folder, "labelled.csv");
    const lines = (await readFile(table, "utf8")).trimEnd().split("\n");
    await writeFile(done, lines.map((line, at) => `${line},${at === 0 ? "label" : "a"}\n`).join(""));
    const rest = ["suggest", run, images, "--labels", done, "--out", join(folder, "rest.csv")];
    const more = JSON.parse(fine(...rest, "--budget", "23", "--json"));
    assert.equal(more.pool.labelled, 4);
    const again = new Set(more.suggestions.map(({ path }: { path: string }) => path));
    assert.equal(again.size, 23);
    for (const line of lines.slice(1)) assert.ok(!again.has(line.split(",")[1]));
    refused(autodidact(...rest), /a budget of 100, but only 23 samples have no label yet/);

    await mkdir(join(images, "class0"), { recursive: true });
    await copyFile(join(images, "class1", "3.png"), join(images, "class0", "copy.png"));
    const found = ["duplicates", run, images, "--threshold", "1", "--out", join(folder, "duplicates.csv")];
    const { groups, mixed, outliers } = JSON.parse(fine(...found, "--json"));
    const paths = groups.map((group: { path: string }[]) => group.map(({ path }) => path));
    assert.deepEqual(paths, [["class0/copy.png", "class1/3.png"]]);
    assert.equal(mixed, 1);
    assert.equal(outliers.length, 20);
    const rows: Record<string, string>[] = parse(await readFile(join(folder, "duplicates.csv")), { columns: true });
    assert.deepEqual(
      rows.slice(0, 3).map(({ kind, group, path, label }) => [kind, group, path, label]),
      [
        ["duplicate", "1", "class0/copy.png", "class0"],
        ["duplicate", "1", "class1/3.png", "class1"],
        ["outlier", "", outliers[0].path, outliers[0].label],
      ],
    );
    assert.equal((await sharp(join(folder, "duplicates.png")).metadata()).height, 52 + 3 * 104);
    refused(autodidact("duplicates", run, images, "--threshold", "2"), /--threshold 2: must be a number above 0/);
  }));

test("suggestions and duplicates of texts are tables without a sheet of images", () =>
  inFolder(async (folder) => {
    const [texts, run] = [join(folder, "texts.csv"), join(folder, "run")];
    const words = ["sun", "rain", "wind", "snow", "fog", "hail", "frost", "storm"];
    // The encoder ignores word order, so each pair occurs once.
    const lines = words.flatMap((word, at) => words.slice(at).map((other) => `the ${word} and then the ${other}`));
    const rows = ["text,kind", ...lines.map((line, at) => `${line},${at < 10 ? "early" : ""}`), `${lines[20]},`];
    await writeFile(texts, `${rows.join("\n")}\n`);
    const fine = (...args: string[]) => {
      const ended = autodidact(...args, "--trust-code");
      assert.equal(ended.code, 0, ended.stderr);
      return ended.stdout;
    };
    const options = ["--method", "simclr", "--encoder", fixture("text/encoder.ts"), "--batch-size", "8"];
    fine("pretrain", texts, "--column", "text", "--out", run, ...options, "--epochs", "1", "--workers", "0");
    const table = ["--column", "text", "--label-column", "kind", "--json"];
    const command = JSON.parse(fine("suggest", run, texts, "--budget", "5", ...table));
    assert.deepEqual(command.pool, { path: texts, entries: 37, labelled: 10, broken: 0 });
    assert.deepEqual(command.files, [join(run, "suggestions.csv")]);
    const { groups } = JSON.parse(fine("duplicates", run, texts, "--threshold", "1", ...table));
    assert.equal(groups.length, 1);
    assert.equal(groups[0].length, 2);
  }));
