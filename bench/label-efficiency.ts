/**
 * What pre-training saves in labels: `autodidact report` on CIFAR-10 (20,000 / 5,000), for a run of bench/methods.
 *
 *   npm run bench:methods -- simclr
 *   npm run bench:label-efficiency -- [RUN] [--shares 1,2,5] [--draws 3] [--steps N]
 *
 * The page goes to bench/work/label-efficiency, its numbers to bench/results/label-efficiency.json; what is finished is not
 * done again. Data: `$AUTODIDACT_DATA/cifar10` or ../shared/data/cifar10.
 */
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { labelEfficiency, labelTable, openRun, savedInWords } from "../src/index.ts";
import { root, testData, trainData } from "./methods/shared.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    shares: { type: "string", default: "1,2,5" },
    draws: { type: "string", default: "3" },
    steps: { type: "string" },
  },
});
const out = join(root, "bench/work/label-efficiency");
const report = await labelEfficiency({
  run: await openRun(positionals[0] ?? join(root, "bench/work/methods/simclr-0-8min")),
  ...{ train: trainData, test: testData, out, draws: Number(values.draws) },
  shares: values.shares.split(",").map(Number),
  ...(values.steps === undefined ? {} : { steps: Number(values.steps) }),
  onNote: console.error,
});
if (report) {
  console.log(`${labelTable(report)}\n${savedInWords(report)}`);
  const text = await readFile(join(out, "report.json"), "utf8");
  // Where things lie on this machine is nobody's business.
  const bare = [dirname(dirname(trainData)), resolve(root)].reduce(
    (all, folder) => all.replaceAll(`${folder}/`, ""),
    text,
  );
  await writeFile(join(root, "bench/results/label-efficiency.json"), bare);
}
process.exit();
