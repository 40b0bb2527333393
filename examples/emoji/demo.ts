/**
 * The demo of images with captions: emoji of 1,474 things by three artists, then 162 things never seen, found by their names.
 * `npm run demo:captions`; the run, numbers and a page are left in runs/emoji.
 */
import { rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { evaluatePairs, pretrain } from "../../src/index.ts";
import { stopwatch } from "../parts/progress.ts";
import { writePage } from "./page.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = join(here, "..", "..", "runs", "emoji");
const file = (name: string) => join(here, "data", name);
const began = performance.now();
const clock = stopwatch();

console.log("Autodidact: learning what things look like from what is said of them\n");
await rm(out, { recursive: true, force: true });
console.log(`${clock()}  CLIP: of 128 pictures and 128 captions, which belong together? No classes, no boxes\n`);
let shownAt = 0;
const run = await pretrain({
  ...{ data: file("train.csv"), out: join(out, "run"), method: "clip", preset: "small" },
  encoderOptions: { textDepth: 1 },
  modalityOptions: { imageSize: 32, maxLength: 32 },
  training: { epochs: 20, ema: 0.99, logEvery: 20, checkpointEvery: 1000 },
  onProgress({ step, steps, loss, samplesPerSecond, etaSeconds }) {
    if (performance.now() - shownAt < 1000 && step < steps) return;
    shownAt = performance.now();
    const bar = "█".repeat(Math.round((24 * step) / steps)).padEnd(24, "░");
    const rate = `${samplesPerSecond.toFixed(0)} pairs/s   ${Math.ceil(etaSeconds)} s left`;
    const line = `      ${bar} ${step}/${steps}   loss ${loss.toFixed(3)}   ${rate}`;
    process.stdout.write(process.stdout.isTTY ? `\r${line}   ` : `${line}\n`);
  },
});

console.log(`\n${clock()}  trained. The test: 162 things never seen, each artist's pictures apart\n`);
const test = file("test.csv");
const { directions } = await evaluatePairs({ run, data: test, within: "artist" });
const toImages = directions.find(({ from, to }) => from === "text" && to === "image");
if (!toImages) throw new Error("captions find images");
const percent = (share = 0) => `${(100 * share).toFixed(1)} %`;
const rows = toImages.scores.map(({ name, recall }) => [name, percent(recall[1]), percent(recall[10])] as const);
const widest = Math.max(...rows.map(([name]) => name.length));
console.log(`      ${"the picture of a caption is".padEnd(widest)}   the first  among 10\n`);
for (const [name, first, ten] of rows)
  console.log(`      ${name.padEnd(widest)}   ${first.padStart(9)}  ${ten.padStart(8)}`);

const page = join(out, "found.html");
await writePage(page, { run, folder: file(""), rows });
const seconds = (performance.now() - began) / 1000;
await writeFile(join(out, "result.json"), `${JSON.stringify({ seconds, steps: run.step, directions }, null, 2)}\n`);
console.log(`
${clock()}  what was found by its name, the right one in green:
      ${relative(process.cwd(), page)}

Ask it something yourself, or let it learn from pictures and captions of your own:

  npx autodidact search ${relative(process.cwd(), run.path)} "red fruit" --in ${relative(process.cwd(), test)} --html found.html
  npx autodidact pretrain pairs.csv --method clip --out runs/pairs
`);
process.exit(0);
