/**
 * The demo: 4,840 handwritten characters without a label, then the one-shot test of Lake et al. 2015 on alphabets never
 * seen. `npm run demo`; the run and a sheet of images are left in runs/omniglot.
 */
import { rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import {
  extractFeatures,
  type Features,
  matchOneShot,
  neighbourSheet,
  oneShotAccuracy,
  pretrain,
  type SheetRow,
  untrainedParams,
} from "../../src/index.ts";
import { stopwatch } from "../parts/progress.ts";
import { type Trial, unpackBackground, unpackTrials } from "./dataset.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = join(here, "..", "..", "runs", "omniglot");
const file = (name: string) => join(here, "data", name);
const began = performance.now();
const clock = stopwatch();

console.log("Autodidact: learning to see handwriting without a single label\n");
await rm(out, { recursive: true, force: true });
const characters = join(out, "characters");
const archives = [file("images_background_small1.zip"), file("images_background_small2.zip")];
const count = await unpackBackground(archives, characters);
console.log(
  `${clock()}  ${count.toLocaleString("en")} drawings of characters (Omniglot's minimal background sets), no labels used`,
);
console.log(`${clock()}  SimCLR: two distorted copies of a drawing must agree, and differ from those of 127 others\n`);

const run = await pretrain({
  data: characters,
  out: join(out, "run"),
  method: "simclr",
  options: { temperature: 0.1, projectionDim: 64 },
  encoder: "resnet",
  encoderOptions: { layers: "10", width: 24, stem: "stride2" },
  modalityOptions: { imageSize: 28 },
  training: {
    epochs: 46,
    batchSize: 128,
    optimizer: "adamw",
    learningRate: 4e-3,
    weightDecay: 1e-4,
    warmupEpochs: 1,
    ema: 0.99,
    logEvery: 20,
    checkpointEvery: 148,
  },
  onProgress({ step, steps, loss, samplesPerSecond, etaSeconds }) {
    const bar = "█".repeat(Math.round((24 * step) / steps)).padEnd(24, "░");
    const rate = `${samplesPerSecond.toFixed(0)} images/s   ${Math.ceil(etaSeconds)} s left`;
    const line = `      ${bar} ${step}/${steps}   loss ${loss.toFixed(3)}   ${rate}`;
    process.stdout.write(process.stdout.isTTY ? `\r${line}   ` : `${line}\n`);
  },
});
console.log(
  `\n${clock()}  trained. The test: 20 runs of 20 characters from alphabets never seen, one example of each\n`,
);

const { encoder, modality } = run;
const trials = await unpackTrials(file("all_runs.zip"), join(out, "test"));
const source = await run.modalityDefinition.open(join(out, "test"));
const rowOf = new Map(Array.from({ length: source.length }, (_, index) => [source.name(index), index]));

/** A trial in vectors, given those of every test drawing. */
function vectorised({ examples, queries, answers }: Trial, { data, dim }: Features) {
  const pick = (names: readonly string[]) => {
    const vectors = new Float32Array(names.length * dim);
    names.forEach((name, at) => {
      const row = rowOf.get(name) ?? 0;
      vectors.set(data.subarray(row * dim, (row + 1) * dim), at * dim);
    });
    return vectors;
  };
  return { support: pick(examples), queries: pick(queries), answers };
}
const accuracyOf = (features: Features) =>
  oneShotAccuracy(
    trials.map((trial) => vectorised(trial, features)),
    features.dim,
  );
const ours = await extractFeatures({ encoder, params: run.params, modality, source });
const chance = await untrainedParams(run.config, source, 1);
const accuracy = accuracyOf(ours);
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const baseline = await run.modalityDefinition.baseline(modality, source, { most: source.length });
const rows: [string, string][] = [
  [baseline.name, percent(accuracyOf(await baseline.extract(source)))],
  [
    "the same encoder, untrained",
    percent(accuracyOf(await extractFeatures({ encoder, params: chance, modality, source }))),
  ],
  ["this encoder, trained with SimCLR", percent(accuracy)],
  ["published: modified Hausdorff distance (Lake et al. 2015)", "61.2 %"],
  ["published: convolutional network, five alphabets with labels (Lake et al. 2015)", "76.0 %"],
  ["published: siamese network, 30 alphabets with labels (Koch et al. 2015)", "92.0 %"],
  ["published: people (Lake et al. 2015, 2019)", "95.5 %"],
];
console.log("      20-way one-shot classification by the nearest neighbour, 400 trials (chance level: 5 %)\n");
const widest = Math.max(...rows.map(([name]) => name.length));
for (const [name, value] of rows) console.log(`      ${name.padEnd(widest)}   ${value.padStart(7)}`);

/** The query of that number beside the six examples most like it, best first. */
async function sheetRow(trial: Trial, query: number): Promise<SheetRow> {
  const { dim } = ours;
  const { support, queries } = vectorised(trial, ours);
  const asked = queries.slice(query * dim, (query + 1) * dim);
  const picture = async (name: string) => {
    const shown = await modality.show(await source.read(rowOf.get(name) ?? 0));
    if (!shown.picture) throw new Error("an image is shown by a picture");
    return shown.picture;
  };
  const left = [...trial.examples.keys()];
  const matches: { picture: Awaited<ReturnType<typeof picture>>; right: boolean }[] = [];
  while (matches.length < 6) {
    const vectors = Float32Array.from(left.flatMap((row) => [...support.subarray(row * dim, (row + 1) * dim)]));
    const [best = 0] = matchOneShot({ support: vectors, queries: asked, answers: Int32Array.of(0) }, dim);
    const [row = 0] = left.splice(best, 1);
    matches.push({ picture: await picture(trial.examples[row] ?? ""), right: row === trial.answers[query] });
  }
  return { query: await picture(trial.queries[query] ?? ""), matches };
}
const picture = join(out, "matches.png");
const sheet = await Promise.all(trials.slice(0, 10).map((trial, index) => sheetRow(trial, 2 * index)));
await writeFile(picture, await neighbourSheet(sheet));
await source.close();
const seconds = (performance.now() - began) / 1000;
await writeFile(join(out, "result.json"), `${JSON.stringify({ accuracy, seconds, steps: run.step, rows }, null, 2)}\n`);
console.log(`
${clock()}  test drawings (grey frame) beside the examples most like them, the right one in green:
      ${relative(process.cwd(), picture)}

The same on a folder of your own:

  npx autodidact pretrain photos/ --out runs/photos
  npx autodidact evaluate runs/photos --train labelled/train --test labelled/test
  npx autodidact embed runs/photos photos/ --out photos.parquet
`);
process.exit(0);
