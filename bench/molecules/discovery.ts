/**
 * Drug discovery with few measurements: 100 molecules of NCI's HIV screen are labelled, the others are ranked by a linear model of
 * them. Enrichment: how many times more actives are in the first 1 % of the ranking than in a random one. The encoder is pre-trained on
 * the molecules of the screen, without their labels.
 *
 *   npm run bench:discovery -- [MOLECULES] [EPOCHS] [DRAWS] [METHOD]   # 10000 5 10 attribute-masking
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Rng } from "../../src/array/rng.ts";
import type { Features } from "../../src/data/index.ts";
import { linearProbe } from "../../src/evaluation/vectors/probe.ts";
import { pretrain } from "../../src/index.ts";
import { molecule } from "../../src/modalities/molecule/index.ts";
import { extractFeatures } from "../../src/training/features.ts";
import { benchArguments } from "../arguments.ts";
import { dataLines } from "../lines.ts";
import { meanOf } from "../series/machine.ts";

const { words } = benchArguments("npm run bench:discovery -- [MOLECULES] [EPOCHS] [DRAWS] [METHOD]");
const [molecules = "10000", epochs = "5", draws = "10", method = "attribute-masking"] = words;
const [LABELLED, FIRST] = [100, 0.01];

/** Times more actives among the first of the unlabelled than on average. */
async function enrichment(features: Features, standardized: boolean, draw: number): Promise<number> {
  const { data, dim, rows, labels = new Int32Array(rows) } = features;
  // Half of them active: as a first screen's hits and as many others would be.
  const order = new Rng(draw).split("labelled").permutation(rows);
  const chosen = [0, 1].flatMap((label) => [...order].filter((row) => labels[row] === label).slice(0, LABELLED / 2));
  const isChosen = new Set(chosen);
  const others = [...order].filter((row) => !isChosen.has(row));
  const take = (some: readonly number[]) => {
    const taken = new Float32Array(some.length * dim);
    some.forEach((row, at) => {
      taken.set(data.subarray(row * dim, (row + 1) * dim), at * dim);
    });
    return { data: taken, rows: some.length, dim };
  };
  const train = { ...take(chosen), labels: Int32Array.from(chosen, (row) => labels[row]!) };
  const { logits } = await linearProbe(train, take(others), 2, draw, { standardized });
  const ranked = others
    .map((row, at) => ({ active: labels[row] === 1, score: logits[2 * at + 1]! - logits[2 * at]! }))
    .sort((a, b) => b.score - a.score);
  const share = (some: typeof ranked) => some.filter(({ active }) => active).length / some.length;
  return share(ranked.slice(0, Math.round(FIRST * ranked.length))) / share(ranked);
}

const folder = await mkdtemp(join(tmpdir(), "autodidact-bench-"));
try {
  const [, ...rows] = await dataLines("moleculenet/HIV.csv.gz");
  const every = rows.length / Math.min(rows.length, Number(molecules));
  const data = join(folder, "screen.csv");
  const some = Array.from({ length: Math.floor(rows.length / every) }, (_, at) => rows[Math.floor(at * every)]!);
  await writeFile(data, `smiles,activity,label\n${some.join("\n")}\n`);
  const run = await pretrain({
    ...{ data, out: join(folder, "run"), method, preset: "small" },
    training: { epochs: Number(epochs), seed: 0 },
  });
  const source = await molecule.open(data);
  const untrained = run.encoder.init(new Rng(0).split("untrained"));
  const baseline = await molecule.baseline(run.modality, source, { most: source.length });
  const contestants = [
    { name: "pre-trained", features: await extractFeatures({ ...run, source }), standardized: true },
    { name: "untrained", features: await extractFeatures({ ...run, params: untrained, source }), standardized: true },
    { name: baseline.name, features: await baseline.extract(source), standardized: false },
  ];
  await source.close();
  console.log(`${some.length} molecules; by | enrichment in the first 1 %, mean ± deviation over ${draws} draws`);
  for (const { name, features, standardized } of contestants) {
    const all: number[] = [];
    for (let draw = 0; draw < Number(draws); draw++) all.push(await enrichment(features, standardized, draw));
    console.log(`${name} | ${meanOf(all, 2)}`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
