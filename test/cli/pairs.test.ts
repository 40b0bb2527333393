/** The commands of runs on pairs, as they are typed. */
import assert from "node:assert/strict";
import { access, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { trainOnKinds, writeKinds } from "../fixtures/clip-run.ts";
import { autodidact } from "../support/cli.ts";

const folder = await mkdtemp(join(tmpdir(), "autodidact-test-"));
const at = (name: string) => join(folder, name);
const run = at("run");
let data: string;

before(async () => {
  data = await writeKinds(folder);
  await trainOnKinds(data, run);
});
after(() => rm(folder, { recursive: true, force: true }));

function fine(...args: string[]): string {
  const { code, stdout, stderr } = autodidact(...args);
  assert.equal(code, 0, stderr);
  return stdout;
}

function refused(args: string[], pattern: RegExp): void {
  const { code, stderr } = autodidact(...args);
  assert.equal(code, 2, stderr);
  const said = stderr.trim().split("\n").at(-1)!;
  assert.match(said, pattern);
}

test("evaluate prints recall both ways and writes numbers and a page into the run folder", async () => {
  assert.equal(JSON.parse(fine("evaluate", run, "--data", data, "--json")).part, "the test part by column split");
  const table = fine("evaluate", run, data, "--within", "set");
  assert.match(table, /text → image +recall@1/);
  assert.match(table, /image → text +recall@1/);
  assert.match(table, /chance level .*\n.*untrained/);
  const evaluation = JSON.parse(await readFile(join(run, "retrieval.json"), "utf8"));
  assert.equal(evaluation.within, "set");
  await access(join(run, "retrieval.html"));
  refused(["evaluate", run], /--train is missing.*name the pairs after the run/);
  refused(["evaluate", run, at("none.csv")], /none\.csv/);
  refused(["evaluate", run, "--data", data, "--split", "none"], /--split none: /);
  refused(["evaluate", run, data, "--train", data], /--train is for labelled data; leave it out/);
  refused(["evaluate", run, data, "--label-count", "10"], /--label-count is for labelled data; leave it out/);
  refused(["evaluate", run, "--train", data, "--within", "set"], /--within is for runs on pairs, with one set of data/);
});

test("pretrain says what to evaluate by: other pairs where both sides were compared, else labelled data", () => {
  const small = "--image-size 16 --max-length 16 --image resnet --image-layers 8 --image-width 4 --text-width 8";
  const tiny = `${small} --text-depth 1 --text-heads 2 --dim 8 --epochs 1 --batch-size 40 --workers 0`.split(" ");
  for (const [method, next] of [
    ["siglip", / <other pairs>$/m],
    ["icmlm", / --train <labelled data> --test <labelled data>$/m],
  ] as const)
    assert.match(fine("pretrain", data, "--method", method, "--encoder", "towers", ...tiny, "--out", at(method)), next);
});

test("classify prints what samples are, and writes a table; its mistakes are one line", async () => {
  const classes = ["--classes", "red,green,blue,yellow"];
  const printed = fine(
    "classify",
    run,
    at("photos"),
    ...classes,
    "--template",
    "a small {} square",
    "a large {} square",
  );
  assert.match(printed, /path +prediction +probability/);
  assert.match(printed, /majority class +25\.0 %/);
  const out = at("classes.parquet");
  const json = JSON.parse(fine("classify", run, data, "--split", "test", "--out", out, "--json"));
  assert.equal(json.predictions.length, 16);
  await access(out);
  await writeFile(at("prompts.json"), '{ "big": ["large red", "large blue"], "little": "small red" }');
  assert.match(
    fine("classify", run, at("photos"), "--prompts", at("prompts.json")),
    /16 samples, 2 classes, 3 prompts/,
  );
  refused(["classify", run, at("photos"), "--classes", "red"], /one class, "red": name at least two/);
  refused(["classify", run, at("photos"), ...classes, "--template", "a drawing"], /template "a drawing": has no \{\}/);
  refused(["classify", run, at("none"), ...classes], /none/);
  refused(["classify", join(run, "image"), at("photos"), ...classes], /a run on image data, not on pairs/);
});

test("search finds images by words, in data and in a file of embed", () => {
  const found = JSON.parse(fine("search", run, "a large red square", "--in", at("photos"), "--top", "2", "--json"));
  for (const { path } of found) assert.match(path, /^red\//);
  fine("embed", run, data, "--side", "image", "--out", at("images.parquet"));
  assert.match(
    fine("search", run, "a large red square", "--in", at("images.parquet"), "--top", "1"),
    /images\/|\d+\.png/,
  );
  refused(["search", run, "red", "--in", at("nothing")], /nothing/);
  refused(["search", run, "red", "--in", at("images.parquet"), "--side", "text"], /embed again with --side text/);
});
