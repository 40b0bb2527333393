import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { commands } from "../../src/cli/commands.ts";
import { writeTones } from "../fixtures/tone/write.ts";
import { autodidact } from "../support/cli.ts";
import { jsonOf } from "../support/http.ts";

/*
 * Every command on a kind of data unknown to src/: it works, or says in one correct sentence why not. The tests build on
 * each other's runs.
 */

const at = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const KIND = ["--modality", at("fixtures/tone/tone.ts")];
const ENCODER = at("fixtures/tone/wave.ts");
const TINY = "--length 128 --epochs 1 --batch-size 8 --workers 0 --threads 1".split(" ");
/** Words that apply to images or texts only. */
const FOREIGN = /pixel|image|photo|picture|text|word|token/i;

let folder = "";
const inside = (name: string) => join(folder, name);
const labels = () => ["--train", inside("train"), "--test", inside("test")];
const tried = new Set<string>();

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "autodidact-tone-"));
  await writeTones(inside("train"), 3);
  await writeTones(inside("test"), 2, { seed: 5, by: ["eve", "fay"] });
});
after(() => rm(folder, { recursive: true, force: true }));

function fine(...args: string[]): string {
  tried.add(args[0]!);
  const { code, stdout, stderr } = autodidact(...args, "--trust-code");
  assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** The user's mistake: code 2 and one line. */
function refused(args: readonly string[], message: RegExp): void {
  tried.add(args[0]!);
  const { code, stdout, stderr } = autodidact(...args, "--trust-code");
  assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
  const said = stderr.split("\n").filter((line) => line.startsWith("autodidact: "));
  assert.match(said.join("\n"), message);
  assert.doesNotMatch(stderr, /\n {4}at /);
  assert.equal(stdout, "");
}

test("pretrain, resume and info take the flags of the kind and of its encoder", async () => {
  const run = inside("run");
  const learn = ["pretrain", inside("train"), ...KIND, "--encoder", ENCODER, ...TINY, "--out", run];
  const said = fine(...learn, "--method", "simclr", "--width", "8", "--hiss", "0.05");
  assert.match(said, /simclr on .*wave\.ts, 3 steps/);
  const { modality, encoder } = JSON.parse(await readFile(join(run, "config.json"), "utf8"));
  assert.deepEqual([modality.options.hiss, modality.options.length, encoder.options.width], [0.05, 128, 8]);
  fine("pretrain", "--resume", run);
  assert.match(fine("info", run), /tone\.ts: length 128/);
  const { modality: kind, sizes, classes } = JSON.parse(fine("info", inside("train"), ...KIND, "--json"));
  assert.deepEqual([kind, sizes.median, classes.length], ["tone", "0.15 s", 2]);
  refused([...learn, "--loudness", "3"], /unknown option '--loudness'/);
  // A built-in kind reads such files, too.
  assert.equal(JSON.parse(fine("info", inside("train"), "--json")).modality, "audio");
  assert.match(fine("methods"), /autoencoder/);
});

test("grid methods work on the kind's encoder and on a built-in one", () => {
  const learn = (out: string, ...more: string[]) =>
    fine("pretrain", inside("train"), ...KIND, ...TINY, "--out", inside(out), ...more);
  learn("coded", "--method", "autoencoder", "--encoder", ENCODER, "--code-dim", "4", "--decoder-width", "4");
  const vit = ["--encoder", "vit", "--width", "16", "--depth", "1", "--heads", "2"];
  learn("mae", "--method", "mae", "--preset", "small", ...vit);
  for (const run of ["coded", "mae", "run"]) assert.match(fine("look", inside(run)), /look\.png: 8 rows; original/);
  refused(
    ["pretrain", inside("train"), ...KIND, "--encoder", "transformer", "--out", inside("none")],
    /encoder transformer reads .*, and tone data are wave of 2 axes/,
  );
  refused(
    ["pretrain", inside("train"), ...KIND, "--method", "rotation", "--out", inside("none")],
    /method rotation needs "rotate" \(can be rotated by quarter turns\), which these tone data do not offer/,
  );
});

test("evaluate, few-shot and report name the kind's own baseline", async () => {
  const said = fine("evaluate", inside("run"), ...labels(), "--steps", "4");
  assert.match(said, /^log spectrum /m);
  assert.doesNotMatch(said, FOREIGN);
  for (const name of ["evaluation.json", "neighbours.png"]) await access(join(inside("run"), name));
  const few = ["--ways", "2", "--shots", "1", "--queries", "2", "--episodes", "4"];
  assert.match(fine("few-shot", inside("run"), inside("train"), ...few), /^log spectrum /m);
  const report = ["--shares", "50,100", "--draws", "1", "--steps", "4"];
  fine("report", inside("run"), ...labels(), ...report);
  const page = await readFile(join(inside("run"), "report", "report.html"), "utf8");
  assert.doesNotMatch(
    page.replaceAll(/data:image[^"]*|<(style|script|svg)[\s\S]*?<\/\1>|<[^>]*>/g, ""),
    /pixel|photo/i,
  );
});

test("finetune keeps speakers apart, and predict writes what was learned", async () => {
  const more = ["--steps", "6", "--workers", "0", "--out", inside("tuned")];
  assert.match(fine("finetune", inside("run"), ...labels(), ...more), /accuracy/);
  fine("predict", inside("tuned"), inside("test"), "--out", inside("predictions.csv"));
  const rows = (await readFile(inside("predictions.csv"), "utf8")).trim().split("\n");
  assert.equal(rows.length, 9);
});

test("embed, search, suggest and duplicates show the samples, and report none as missing", async () => {
  const vectors = inside("vectors.parquet");
  fine("embed", inside("run"), inside("train"), "--out", vectors);
  const page = inside("page.html");
  const query = inside("test/low/eve-0.wav");
  const found = JSON.parse(
    fine("search", inside("run"), query, "--in", vectors, "--top", "3", "--html", page, "--json"),
  );
  assert.equal(found.length, 3);
  const html = await readFile(page, "utf8");
  assert.equal(html.match(/<img src="data:image\/png/g)?.length, 4);
  assert.doesNotMatch(html, /no longer there/);
  refused(["search", inside("run"), "a low hum", "--in", vectors], /a low hum: could not be read/);
  refused(
    ["classify", inside("run"), inside("test"), "--classes", "low,high"],
    /run: a run on tone data, not on pairs of two kinds of data/,
  );
  fine("suggest", inside("run"), inside("train"), "--budget", "4");
  fine("duplicates", inside("run"), inside("train"));
  for (const sheet of ["suggestions.png", "duplicates.png"]) await access(join(inside("run"), sheet));
});

test("serve accepts files of the kind and refuses others", { timeout: 120_000 }, async () => {
  tried.add("serve");
  const main = at("../src/cli/main.ts");
  const child = spawn(
    process.execPath,
    [main, "serve", inside("tuned"), "--port", "0", "--threads", "1", "--trust-code"],
    {
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  const exited = once(child, "exit");
  try {
    const [line] = await once(createInterface(child.stdout), "line");
    const [url] = String(line).split(": ");
    const post = (route: string, type: string, body: string | Uint8Array<ArrayBuffer>) =>
      fetch(`${url}${route}`, { method: "POST", headers: { "content-type": type }, body });
    const wav = new Uint8Array(await readFile(inside("test/low/eve-0.wav")));
    assert.equal((await jsonOf(post("/embed", "audio/wav", wav))).dim, 16);
    const { predictions } = await jsonOf(post("/predict", "audio/wav", wav));
    assert.match(predictions[0].prediction, /^(low|high)$/);
    const broken = await post("/embed", "audio/wav", "no sound");
    assert.deepEqual([broken.status, /not a WAV file/.test(await broken.text())], [422, true]);
    const other = await post("/embed", "application/json", '{"input": "a text"}');
    assert.deepEqual([other.status, /send one tone as the body \(audio\/\* or/.test(await other.text())], [415, true]);
  } finally {
    child.kill("SIGTERM");
  }
  assert.deepEqual(await exited, [0, null]);
});

test("export and quantize write plain ONNX and a correct model card", async () => {
  for (const [run, answer] of [
    ["run", "pooler_output"],
    ["tuned", "logits"],
  ] as const) {
    const out = inside(`${run}-model`);
    const { files } = JSON.parse(fine("export", inside(run), "--out", out, "--json"));
    for (const file of files) await access(join(out, file));
    const card = await readFile(join(out, "README.md"), "utf8");
    assert.doesNotMatch(card, /pipeline_tag|preprocessor|transformers|pixel|photo/);
    assert.match(card, /input `wave`, float32 `\[batch, 1, 128\]`/);
    const session = await InferenceSession.create(join(out, "model.onnx"));
    const outputs = await session.run({ wave: new Tensor("float32", new Float32Array(2 * 128), [2, 1, 128]) });
    assert.equal(outputs[answer]?.dims[0], 2);
    assert.match(card, new RegExp(`const \\{ ${answer} \\} = await session\\.run`));
  }
  fine("quantize", inside("tuned"), "--out", inside("int8"), ...labels());
  fine("quantize", inside("run"), "--out", inside("static"), "--static", "--samples", "8");
});

test("distill trains an encoder from a file; prune names what it supports", async () => {
  const teach = ["distill", inside("run"), inside("train"), "--epochs", "1", "--batch-size", "8", "--workers", "0"];
  const said = fine(...teach, "--into", `${ENCODER}:width=4,depth=1`, "--out", inside("small"), ...labels());
  assert.match(said, /student .*%/);
  assert.match(said, /small: .*wave\.ts, 3 steps/);
  refused(
    ["prune", inside("run"), "--keep", "0.5", "--out", inside("less")],
    /its encoder is .*wave\.ts; only these can be pruned: /,
  );
  fine("prune", inside("mae"), "--keep", "0.5", "--out", inside("less"));
});

test("every command is covered", () => {
  // Those that act in environments are given no data of a kind.
  const acting = ["act", "collect", "environments", "learn"];
  const all = Object.values(commands)
    .flatMap((lines) => Object.keys(lines))
    .filter((name) => !acting.includes(name));
  assert.deepEqual([...tried].sort(), all.sort());
});
