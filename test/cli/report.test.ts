import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { autodidact, inFolder, TINY, writeImages } from "../support/cli.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

test("a report on images: stopped, continued, extended, and refused mistakes", () =>
  inFolder(async (folder) => {
    const [train, unseen, run] = [join(folder, "train"), join(folder, "test"), join(folder, "run")];
    await writeImages(train, 10, 3);
    await writeImages(unseen, 4, 3);
    assert.equal(autodidact("pretrain", train, "--out", run, ...TINY).code, 0);
    const file = join(run, "report", "report.json");
    const command = ["report", run, "--train", train, "--test", unseen, "--steps", "2"];
    const first = [...command, "--shares", "5,10", "--draws", "1"];

    // Ctrl-C after the first trainings.
    const child = spawn(process.execPath, [main, ...first], { stdio: "ignore" });
    const ended = new Promise((done) => child.on("exit", done));
    while (!existsSync(file)) await new Promise((done) => setTimeout(done, 5));
    child.kill("SIGINT");
    assert.equal(await ended, 130);
    const { cells: early } = JSON.parse(await readFile(file, "utf8"));
    assert.ok(early.length >= 1 && early.length < 4);
    assert.ok(!existsSync(join(run, "report", "report.html")));

    const whole = autodidact(...first);
    assert.equal(whole.code, 0, whole.stderr);
    assert.match(whole.stderr, /5 % of 30 labels are 2, fewer than the 3 classes; left out/);
    assert.match(whole.stdout, /labels +3\npretrained, linear probe +\d+\.\d %\n/);
    assert.match(whole.stdout, /Labels saved at equal accuracy: .*one draw, which may be noise/);
    const done = JSON.parse(await readFile(file, "utf8"));
    // The results of the first call are unchanged, including their timings.
    assert.deepEqual(done.cells.slice(0, early.length), early);
    assert.equal(done.cells.length, 4);
    for (const { labels, answers, steps, contender } of done.cells) {
      assert.equal(
        answers.reduce((sum: number, [, , count]: [number, number, number]) => sum + count, 0),
        12,
      );
      // One per class.
      assert.equal(labels, 3);
      if (contender === "scratch" || contender === "fine-tuned") assert.ok(steps >= 1, contender);
    }
    const names = ["confusion", "map", "scores"].flatMap((name) => [`${name}.svg`, `${name}.png`]);
    const there = [".autodidact", "report.json", "report.html", "neighbours.png", ...names].sort();
    assert.deepEqual((await readdir(join(run, "report"))).sort(), there);
    for (const name of there.filter((each) => each.endsWith(".png")))
      assert.ok(((await sharp(join(run, "report", name)).metadata()).width ?? 0) > 300, name);
    const html = await readFile(join(run, "report", "report.html"), "utf8");
    for (const [, target = ""] of html.matchAll(/(?:src|href)="([^"]*)"/g)) assert.match(target, /^data:image\/png;/);
    assert.match(html, /<td>class2<\/td>|<th scope="row">class2<\/th>/);

    // Nothing is trained again; another share and another draw are added.
    const again = autodidact(
      ...command,
      "--shares",
      "5,10,40,100",
      "--draws",
      "2",
      "--no-finetune",
      "--no-scratch",
      "--json",
    );
    assert.equal(again.code, 0, again.stderr);
    assert.doesNotMatch(again.stderr, /scratch|fine-tuned|, 3 labels, draw 1/);
    const report = JSON.parse(again.stdout);
    assert.deepEqual(
      report.curves.probe.map(({ labels, draws }: { labels: number; draws: number }) => [labels, draws]),
      [
        [3, 2],
        [12, 2],
        [30, 2],
      ],
    );
    assert.equal(report.curves.scratch.length, 1);
    assert.ok([3, 12, 30].includes(report.saved.labels));

    const refused = (message: RegExp, ...args: string[]) => {
      const { code, stderr } = autodidact(...args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    };
    refused(/report\.json: begun with another --seed/, ...command, "--seed", "5");
    // Nowhere to write: said before anything is trained.
    if (existsSync("/proc/self"))
      refused(/^autodidact: \/proc\/x: could not be made \(.*\)\n$/, ...command, "--shares", "100", "--out", "/proc/x");
    refused(/--shares 1,200: must be distinct numbers .*\("200" is not\)/, ...command, "--shares", "1,200");
  }));
