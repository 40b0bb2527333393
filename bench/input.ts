/**
 * The input pipeline against torchvision's: files to batches of two SimCLR views, two workers each, in turn, medians of
 * three.
 *
 *   npm run bench:input -- [--json] [jpeg cifar]   # torchvision: python3-torchvision
 *
 * `jpeg`: a folder of 128 JPEGs of 500 × 375 pixels, which the bench makes, at 224 px; each is decoded whenever it is
 * read. `cifar`: CIFAR-10 at 32 px, decoded beforehand on both sides; `$AUTODIDACT_DATA/cifar10` or
 * ../shared/data/cifar10. Crop, flip, colour jitter, grey, blur (at 224 px), normalisation: the same on both sides.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { benchArguments } from "./arguments.ts";
import { cifar, inputCases, SECONDS, WARM_UP, WORKERS } from "./input/cases.ts";
import { makePhotos } from "./input/photos.ts";
import { median } from "./median.ts";
import { pythonWith } from "./python.ts";

const ROUNDS = 3;
const names: string[] = inputCases.map(({ name }) => name);
const { words, has } = benchArguments(`npm run bench:input -- [--json] [${names.join(" ")}]`);
const unknown = words.find((word) => !names.includes(word));
if (unknown) {
  console.error(`no case "${unknown}"; there are ${names.join(", ")}`);
  process.exit(2);
}

const file = (name: string) => fileURLToPath(new URL(`input/${name}`, import.meta.url));
const rate = (command: string, args: readonly (string | number)[]): number => {
  const { samples, seconds } = JSON.parse(execFileSync(command, args.map(String), { encoding: "utf8" }));
  return samples / seconds;
};
const python = pythonWith("torchvision");

if (!has("json")) {
  console.log(`${cpus().length} × ${cpus()[0]?.model}, ${WORKERS} workers, medians of ${ROUNDS} processes in turn`);
  if (!python) console.log("torchvision is not on this machine: no ratios");
  console.log("case      ours samples/s  per core  torchvision  per core  ratio");
}
const folder = await mkdtemp(join(tmpdir(), "autodidact-photos-"));
const rows = [];
try {
  for (const { name, imageSize, batchSize } of inputCases) {
    if (words.length > 0 && !words.includes(name)) continue;
    if (name === "cifar" && !existsSync(cifar)) {
      console.error(`no CIFAR-10 at ${cifar}; set AUTODIDACT_DATA`);
      continue;
    }
    if (name === "jpeg") await makePhotos(folder);
    const path = name === "jpeg" ? folder : cifar;
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(rate(process.execPath, [file("ours.ts"), name, path]));
      const args = [file("torch_input.py"), name, path, imageSize, batchSize, WORKERS, WARM_UP, SECONDS];
      if (python) theirs.push(rate(python, args));
    }
    const [ourRate, torchRate] = [median(ours), python ? median(theirs) : null];
    const ratio = torchRate === null ? null : ourRate / torchRate;
    rows.push({
      name,
      ours_samples_per_s: ourRate,
      ours_per_core: ourRate / WORKERS,
      torch_samples_per_s: torchRate,
      torch_per_core: torchRate === null ? null : torchRate / WORKERS,
      ratio,
    });
    if (!has("json")) {
      const cells: [number | null, number, number][] = [
        [ourRate, 18, 0],
        [ourRate / WORKERS, 10, 0],
        [torchRate, 13, 0],
        [torchRate === null ? null : torchRate / WORKERS, 10, 0],
        [ratio, 7, 2],
      ];
      console.log(
        name.padEnd(6) +
          cells.map(([value, width, digits]) => (value?.toFixed(digits) ?? "–").padStart(width)).join(""),
      );
    }
  }
} finally {
  await rm(folder, { recursive: true });
}
if (has("json")) console.log(JSON.stringify(rows, null, 2));
