/**
 * Thousands of mutants of files that strangers give us, opened as the product opens them: images, arrays, archives, tables,
 * texts, tokenizers, run folders, models, vectors. None may crash the process, take 5 s or 1 GB, end in another error than
 * one readable line, or leave a file behind. A mutant's number makes it again.
 *
 *   npm run bench:hostile -- [COUNT] [KIND [NUMBER]] [--json] [--keep]   # 10,000 over all kinds; --keep: those at fault
 */
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { benchArguments } from "./arguments.ts";
import { attack, type Outcome } from "./hostile/attack.ts";
import { faults } from "./hostile/judge.ts";
import { kinds } from "./hostile/kinds.ts";

const { words, has } = benchArguments("npm run bench:hostile -- [COUNT] [KIND [NUMBER]] [--json] [--keep]", ["keep"]);
const [count = "10000", name, number] = words;
const chosen = name === undefined ? kinds.map((kind) => kind.name) : [name];
if (!kinds.some((kind) => kind.name === chosen[0])) {
  console.error(`no kind ${name}; kinds: ${kinds.map((kind) => kind.name).join("; ")}`);
  process.exit(2);
}
const keep = has("keep") ? join(tmpdir(), "autodidact-hostile-kept") : undefined;
const started = performance.now();

const row = (cells: readonly (string | number)[]) =>
  console.log(cells.map((cell, at) => (at === 0 ? String(cell).padEnd(22) : String(cell).padStart(9))).join(""));
row(["", "mutants", "opened", "refused", "faults", "slowest s", "peak MB"]);
const print = ({ kind, mutants, opened, found, milliseconds, bytes }: Outcome) => {
  row([
    kind,
    mutants,
    opened,
    mutants - opened,
    found.length,
    (milliseconds / 1000).toFixed(2),
    Math.round(bytes / 2 ** 20),
  ]);
  const alike = Map.groupBy(
    found,
    ({ kind: fault, message }) => `${fault}: ${message.replaceAll(/\d+/g, "0").slice(0, 90)}`,
  );
  for (const [, those] of alike)
    console.log(
      `    ${those.length} × ${those[0]!.kind}: ${those[0]!.message.slice(0, 250)} (${those
        .slice(0, 4)
        .map((one) => one.number)
        .join(", ")})`,
    );
};
const outcomes = await attack({
  only: chosen,
  each: number === undefined ? Math.ceil(Number(count) / chosen.length) : 1,
  first: Number(number ?? 0),
  jobs: Math.min(2, availableParallelism()),
  keep,
  onDone: print,
});
const found = outcomes.flatMap((outcome) => outcome.found);
const total = outcomes.reduce((sum, { mutants }) => sum + mutants, 0);
console.log(
  `${total} mutants in ${Math.round((performance.now() - started) / 1000)} s: ${faults
    .map((fault) => `${found.filter(({ kind }) => kind === fault).length} ${fault}`)
    .join(", ")}`,
);
if (keep && found.length > 0) console.log(`those at fault: ${keep}`);
if (has("json")) {
  const folder = new URL("./results/", import.meta.url);
  await mkdir(folder, { recursive: true });
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  await writeFile(new URL("hostile.json", folder), `${JSON.stringify({ machine, outcomes }, null, 2)}\n`);
}
process.exitCode = found.length === 0 ? 0 : 1;
