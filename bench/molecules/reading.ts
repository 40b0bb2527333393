/**
 * How fast molecules are read: parsed in the first epoch, from the cache later; and whether memory stays flat.
 *
 *   npm run bench:molecules-reading -- FILE [COUNT]   # 100,000 by default; per thread, in seconds of computing
 */
import { cpuUsage, memoryUsage } from "node:process";
import { BrokenSample } from "../../src/foundation/errors.ts";
import { molecule } from "../../src/modalities/molecule/index.ts";
import { benchArguments } from "../arguments.ts";

const { words } = benchArguments("npm run bench:molecules-reading -- FILE [COUNT]");
const [file = "", count = "100000"] = words;
/** As many as a loader reads at the same time. */
const TOGETHER = 8;

const source = await molecule.open(file);
const total = Math.min(Number(count), source.length);
let refused = 0;

async function readAll(report: boolean): Promise<number> {
  const start = cpuUsage();
  for (let first = 0; first < total; first += TOGETHER) {
    const some = Array.from({ length: Math.min(TOGETHER, total - first) }, (_, at) => first + at);
    await Promise.all(
      some.map((index) =>
        source.read(index).catch((error: unknown) => {
          if (!(error instanceof BrokenSample)) throw error;
          refused++;
        }),
      ),
    );
    if (report && (first + TOGETHER) % Math.max(TOGETHER, Math.floor(total / 10 / TOGETHER) * TOGETHER) === 0)
      console.log(`${first + TOGETHER} read, ${Math.round(memoryUsage.rss() / 1e6)} MB`);
  }
  const { user, system } = cpuUsage(start);
  return total / ((user + system) / 1e6);
}

const first = await readAll(true);
console.log(`first epoch: ${Math.round(first)} molecules a second of computing (both threads), ${refused} refused`);
console.log(`later epochs: ${Math.round(await readAll(false))}`);
await source.close();
