/**
 * Random `kill -9`s over seven kinds of run: pretraining on images and on texts, fine-tuning, distillation, pruning with
 * recovery, a combination with curricula, and reinforcement learning. Each is killed up to five times and resumed until it is done, and must then
 * have the bytes of a run left alone; the next in the chain begins from it.
 *
 *   npm run bench:kills -- [COUNT] [SEED] [--json]   # 100 kills; 1,000 take a night
 */
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { benchArguments } from "./arguments.ts";
import { kills } from "./kills/chain.ts";

const { words, has } = benchArguments("npm run bench:kills -- [COUNT] [SEED] [--json]");
const [count = "100", seed = "0"] = words;
const tallies = await kills({ count: Number(count), seed: Number(seed), onRun: console.log });
for (const { stage, runs, kills: killed, starting, faults } of tallies)
  console.log(`${stage.padEnd(10)} ${runs} runs, ${killed} kills, ${starting} while starting: ${faults.length} faults`);
const faults = tallies.flatMap((tally) => tally.faults);
console.log(`${tallies.reduce((sum, tally) => sum + tally.kills, 0)} kills, ${faults.length} faults`);
if (has("json")) {
  const folder = new URL("./results/", import.meta.url);
  await mkdir(folder, { recursive: true });
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  await writeFile(new URL("kills.json", folder), `${JSON.stringify({ machine, tallies }, null, 2)}\n`);
}
process.exitCode = faults.length === 0 ? 0 : 1;
