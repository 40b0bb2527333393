/**
 * How fast the built-in environments are, and whether their memory is flat.
 *
 *   npm run bench:environments -- [NAME …] [--seconds 5] [--memory 1000000] [--json]
 *
 * Uniformly random actions in one thread; steps per second of CPU time, so that other work on the machine matters little. `--memory` takes
 * that many steps of half-cheetah instead, opening a new one after each hundredth; exit code 1 when the process holds over 20 MiB more at
 * the end than after a fifth.
 */
import { cpus } from "node:os";
import { Rng } from "../../src/array/rng.ts";
import type { Environment } from "../../src/environments/environment.ts";
import { environments } from "../../src/environments/index.ts";
import { randomAction } from "../../src/environments/space.ts";
import { benchArguments } from "../arguments.ts";

const usage = "npm run bench:environments -- [NAME …] [--seconds 5] [--memory 1000000] [--json]";
const { words, has, count } = benchArguments(usage, [], ["seconds", "memory"]);
const seconds = count("seconds") ?? 5;

const cpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const say = (line: string) => has("json") || console.log(line);

/** Takes random steps until `isDone` of how many there were; asked every 20. */
function wander(world: Environment, rng: Rng, isDone: (steps: number) => boolean): { steps: number; episodes: number } {
  let [steps, episodes] = [0, 1];
  world.reset(0);
  while (steps % 20 !== 0 || !isDone(steps)) {
    const { terminated, truncated } = world.step(randomAction(world.actionSpace, rng));
    steps += 1;
    if (terminated || truncated) world.reset(episodes++);
  }
  return { steps, episodes };
}

async function speedOf(name: string) {
  const definition = await environments.load(name);
  const loaded = cpuSeconds();
  using world = await definition.make(definition.options.parse({}));
  const rng = new Rng(0);
  // The first steps are those that are compiled.
  const warm = cpuSeconds();
  wander(world, rng, () => cpuSeconds() - warm > Math.min(1, seconds));
  const begun = cpuSeconds();
  const { steps, episodes } = wander(world, rng, () => cpuSeconds() - begun > seconds);
  const perSecond = steps / (cpuSeconds() - begun);
  const row = {
    name,
    stepsPerCpuSecond: Math.round(perSecond),
    stepsPerEpisode: steps / episodes,
    open: warm - loaded,
  };
  say(
    `${name.padEnd(26)}${Math.round(perSecond).toLocaleString("en").padStart(10)} steps/s   ${row.stepsPerEpisode.toFixed(1).padStart(7)} steps an episode   opened in ${(1000 * row.open).toFixed()} ms`,
  );
  return row;
}

async function memoryOver(total: number) {
  const definition = await environments.load("half-cheetah");
  const rng = new Rng(0);
  const parts = 100;
  const rows: { steps: number; rss: number; heap: number }[] = [];
  for (let part = 1; part <= parts; part++) {
    using world = await definition.make(definition.options.parse({}));
    wander(world, rng, (steps) => steps >= total / parts);
    if (part % 10 > 0) continue;
    const { rss, heapUsed } = process.memoryUsage();
    rows.push({ steps: (part * total) / parts, rss: rss / 2 ** 20, heap: heapUsed / 2 ** 20 });
    say(
      `half-cheetah ${rows.at(-1)!.steps} steps: ${(rss / 2 ** 20).toFixed(1)} MiB resident, JavaScript ${(heapUsed / 2 ** 20).toFixed(1)} MiB`,
    );
  }
  return { rows, grown: rows.at(-1)!.rss - rows[1]!.rss };
}

const machine = `${cpus()[0]?.model}, ${cpus().length} cores`;
const total = count("memory");
if (total !== undefined) {
  const result = await memoryOver(total);
  if (has("json")) console.log(JSON.stringify({ machine, ...result }));
  else console.log(`${result.grown.toFixed(1)} MiB more at the end than after a fifth`);
  process.exitCode = result.grown <= 20 ? 0 : 1;
} else {
  const all = environments.names.filter((name) => name !== "mujoco");
  const rows = [];
  for (const name of words.length > 0 ? words : all) rows.push(await speedOf(name));
  if (has("json")) console.log(JSON.stringify({ machine, rows }));
}
