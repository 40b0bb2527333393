import { join } from "node:path";
import { Rng } from "../../array/index.ts";
import type { Environment } from "../../environments/environment.ts";
import type { Observation } from "../../environments/space.ts";
import { Diverged } from "../loop/saver.ts";
import type { Lock } from "../run/lock.ts";
import { metricsFile, RowWriter } from "../run/metrics.ts";
import { noBonus, scaledBonus } from "./bonus.ts";
import {
  agentCheckpoint,
  appendExperience,
  assertAsked,
  filled,
  loadAgent,
  type Position,
  readExperience,
  saveAgent,
} from "./checkpoint.ts";
import type { AgentConfig, AgentParts } from "./config.ts";
import { bestActions, playEpisodes } from "./evaluate.ts";
import { type Programs, programsOf } from "./programs.ts";
import { Replay } from "./replay.ts";
import type { AgentState } from "./state.ts";
import { randomOf, toEnvironment } from "./units.ts";

/** How far an agent is. */
export interface LearningProgress {
  readonly seed: number;
  readonly step: number;
  readonly steps: number;
  /** Whether it still acts at random, which is much faster. */
  readonly isWarmup: boolean;
  /** Mean return of the last evaluation; undefined before the first. */
  readonly evaluated: number | undefined;
}

export interface LoopOptions {
  readonly config: AgentConfig;
  readonly parts: AgentParts;
  readonly seed: number;
  /** The seed's folder, with `checkpoints/` in it. */
  readonly out: string;
  readonly lock: Pick<Lock, "check">;
  readonly resume: boolean;
  readonly signal?: AbortSignal | undefined;
  onProgress?(progress: LearningProgress): void;
}

/** Where evaluations are kept: one row each. */
export const evaluationsFile = (run: string): string => join(run, "evaluations.jsonl");

const BEGINNING: Position = {
  ...{ step: 0, updates: 0, episode: 0, episodeReturn: 0, episodeLength: 0 },
  ...{ rows: 0, transitions: 0, written: 0, largest: 1, bonus: noBonus, pending: {} },
};

/** Milliseconds between two reports of progress. */
const REPORT_MS = 250;

/** What changes from step to step. */
interface Now {
  state: AgentState;
  observation: Observation;
  position: Position;
}

/**
 * Learns from one seed, to the last step or to an abort, which saves.
 * @returns the steps done
 * @throws Diverged when a loss is not finite; UserError as the environment, and for files that cannot be written or are damaged
 */
export async function learnSeed(options: LoopOptions): Promise<number> {
  const { config, parts, seed, out, lock, signal } = options;
  const { learning } = config;
  const { team } = parts;
  const space = parts.spaces.actionSpace;
  const root = new Rng(seed);
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await parts.make());
  if (options.resume) await assertAsked(out, team);
  const programs = programsOf(team, parts.spaces.observationSpace, { ...learning }, root);
  stack.defer(() => programs.dispose());
  const spaces = { observation: parts.spaces.observationSpace, action: space };
  const replay = new Replay(spaces, Math.min(learning.capacity, 2 * learning.steps + 2), team.hasPriorities);
  const now: Now = options.resume
    ? await restored(out, programs, replay, world, root, learning.capacity)
    : { state: programs.begin(root), observation: {}, position: BEGINNING };

  const metrics = stack.adopt(await RowWriter.open(metricsFile(out), now.position.step), (file) => file.close());
  const evaluations = stack.adopt(await RowWriter.open(evaluationsFile(out), now.position.step), (file) =>
    file.close(),
  );
  const clock = {
    began: performance.now(),
    from: now.position.step,
    lap: performance.now(),
    lapStep: now.position.step,
  };
  let [reported, evaluated]: [number, number | undefined] = [0, undefined];

  const note = (values: Readonly<Record<string, number>>) => {
    const pending = { ...now.position.pending };
    for (const [name, value] of Object.entries(values)) {
      if (!Number.isFinite(value)) continue;
      const { sum, count } = pending[name] ?? { sum: 0, count: 0 };
      pending[name] = { sum: sum + value, count: count + 1 };
    }
    now.position = { ...now.position, pending };
  };
  const begin = () => {
    const { episode } = now.position;
    now.observation = world.reset(root.split("episode", episode).integer(0, 2 ** 31 - 1));
    replay.begin(now.observation);
    now.position = { ...now.position, episode: episode + 1, episodeReturn: 0, episodeLength: 0 };
  };
  const save = async () => {
    await lock.check();
    const rows = replay.written(now.position.written);
    await appendExperience(out, rows, now.position.written, replay.width);
    now.position = { ...now.position, written: now.position.written + rows.length / replay.width };
    const named = await programs.named(now.state);
    const { each, largest } = replay.priorities();
    const position = { ...now.position, rows: replay.rows, transitions: replay.transitions, largest };
    await metrics.sync();
    await evaluations.sync();
    const priorities = team.hasPriorities ? each : new Float32Array();
    const { observation } = now;
    await saveAgent(out, { position, ...named, priorities, world: world.save(), observation }, lock.check);
  };
  const report = () => {
    const { step } = now.position;
    const isWarmup = step < learning.warmupSteps;
    options.onProgress?.({ seed, step, steps: learning.steps, isWarmup, evaluated });
  };

  if (!options.resume) begin();
  while (now.position.step < learning.steps) {
    const { step } = now.position;
    // An action by the agent, or a random one to begin with.
    const rng = root.split("act", step);
    const action =
      step < learning.warmupSteps
        ? randomOf(space, rng)
        : team.choose((await programs.act(now.state, [now.observation]))[0]!, { rng, step, steps: learning.steps });
    const result = world.step(toEnvironment(space, action));
    const ending = result.terminated ? "terminated" : result.truncated ? "cut off" : "goes on";
    replay.step(action, result.reward, ending, result.observation);
    now.observation = result.observation;
    now.position = {
      ...now.position,
      ...{ step: step + 1, episodeReturn: now.position.episodeReturn + result.reward },
      episodeLength: now.position.episodeLength + 1,
    };
    if (team.hasBonus) {
      const paid = await programs.bonus(now.state, replay.windows(replay.newest, 1, 1));
      const { bonus, statistics } = scaledBonus(paid.bonus, now.position.bonus);
      replay.pay(bonus);
      now.state = paid.state;
      now.position = { ...now.position, bonus: statistics };
      note({ bonus: paid.bonus });
    }
    if (ending !== "goes on") {
      const { episodeReturn, episodeLength } = now.position;
      note({ return: episodeReturn, length: episodeLength });
      if (parts.success !== undefined) note({ success: Number(result.info[parts.success] === 1) });
      begin();
    }
    if (step >= learning.warmupSteps && (step + 1) % learning.updateEvery === 0)
      await update(now, { team, programs, replay, root, learning, out, note });

    const done = now.position.step;
    const isLast = done === learning.steps;
    if (isLast || done % learning.logEvery === 0) {
      await lock.check();
      await metrics.append(rowOf(now.position, clock));
      now.position = { ...now.position, pending: {} };
      [clock.lap, clock.lapStep] = [performance.now(), done];
    }
    if (isLast || done % learning.evaluateEvery === 0) {
      const { returns, lengths, successes } = await playEpisodes({
        ...{ make: parts.make, episodes: learning.episodes, seed, success: parts.success },
        act: bestActions(team, programs, now.state, space),
      });
      evaluated = returns.reduce((sum, each) => sum + each, 0) / returns.length;
      await lock.check();
      await evaluations.append({ step: done, ...{ return: evaluated, returns, lengths, successes } } as {
        step: number;
      });
      report();
    }
    const stops = isLast || signal?.aborted === true;
    if (stops || done % learning.checkpointEvery === 0) await save();
    if (stops || performance.now() - reported > REPORT_MS) {
      reported = performance.now();
      report();
      // Lets a Ctrl-C through: nothing above may have yielded to the event loop.
      await new Promise((ready) => setImmediate(ready));
    }
    if (stops) break;
  }
  return now.position.step;
}

/** One update of the agent. */
async function update(
  now: Now,
  {
    team,
    programs,
    replay,
    root,
    learning,
    out,
    note,
  }: Pick<AgentParts, "team"> & {
    readonly programs: Programs;
    readonly replay: Replay;
    readonly root: Rng;
    readonly learning: AgentConfig["learning"];
    readonly out: string;
    note(values: Readonly<Record<string, number>>): void;
  },
): Promise<void> {
  const { updates, step } = now.position;
  const drawn = replay.draw(learning.batchSize, root.split("replay", updates));
  const windows = replay.windows(drawn, team.length, team.ownLength);
  const noise = root.split("update", updates);
  const result = await programs.update(now.state, windows, noise, updates, step / learning.steps);
  now.state = result.state;
  if (!Number.isFinite(result.metrics.loss))
    throw new Diverged(
      `the loss at step ${step} is not finite; last good checkpoint: ${agentCheckpoint(out)}; try a lower --learning-rate`,
    );
  if (result.priority) replay.prioritise(drawn, result.priority);
  if (team.copies.some(({ every }) => (updates + 1) % every === 0)) replay.settleLargest();
  note(result.metrics);
  now.position = { ...now.position, updates: updates + 1 };
}

/** The means since the last row. */
function rowOf({ step, updates, episode, pending }: Position, clock: { began: number; lap: number; lapStep: number }) {
  const means = Object.entries(pending).map(([name, { sum, count }]): [string, number] => [name, sum / count]);
  const ms = performance.now() - clock.lap;
  return {
    ...{ step, updates, episode },
    ...Object.fromEntries(means),
    stepsPerSecond: (1000 * (step - clock.lapStep)) / ms,
    seconds: (performance.now() - clock.began) / 1000,
  };
}

/** Everything as it was at the checkpoint. */
async function restored(
  out: string,
  programs: Programs,
  replay: Replay,
  world: Environment,
  root: Rng,
  capacity: number,
): Promise<Now> {
  const path = agentCheckpoint(out);
  const saved = await loadAgent(out);
  const { position, observation } = saved;
  const asked = await programs.named(programs.begin(root));
  const state = programs.fromNamed({
    params: filled(path, asked.params, saved.params),
    first: filled(path, asked.first, saved.first),
    second: filled(path, asked.second, saved.second),
    memory: filled(path, asked.memory, saved.memory),
  });
  const { rows, before } = await readExperience(out, position.written, replay.width, capacity);
  replay.read(rows, before, position.transitions);
  replay.begin(observation);
  replay.restore(saved.priorities, position.largest);
  // The generator of an episode's world is in its state.
  world.reset(0);
  world.restore(saved.world);
  return { state, observation, position };
}
