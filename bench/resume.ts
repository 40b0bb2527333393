/** Ten random `kill -9`s, ten resumes that must give the losses of a run left alone, bit for bit: `npm run bench:resume`. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Rng } from "../src/array/index.ts";
import { killedAndResumed, uninterrupted } from "./resume-trial.ts";

const folder = await mkdtemp(join(tmpdir(), "autodidact-resume-"));
try {
  const expected = await uninterrupted(join(folder, "whole"), 1);
  const rng = new Rng(Number(process.argv[2] ?? 0));
  let identical = 0;
  for (let trial = 1; trial <= 10; trial++) {
    const { rows, killedAt } = await killedAndResumed(
      join(folder, `run${trial}`),
      1,
      rng.integer(1, expected.length - 10),
    );
    const same = rows.length === expected.length && rows.every((row, index) => row === expected[index]);
    if (same) identical++;
    console.log(
      `kill -9 after step ${String(killedAt).padStart(3)} of ${expected.length}: ${same ? "identical" : "DIFFERENT"}`,
    );
  }
  console.log(`${identical} of 10 resumes bit-identical`);
  process.exitCode = identical === 10 ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
