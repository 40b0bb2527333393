import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../foundation/errors.ts";
import { makeFolder, removeTemporary, writeAtomically } from "../../foundation/files.ts";
import { claimFolder } from "../../foundation/outputs.ts";
import { refuseTaken } from "../run/folder.ts";
import { lockRun } from "../run/lock.ts";
import { agentCheckpoint } from "./checkpoint.ts";
import { type AgentChoices, type AgentConfig, agentParts, readAgentConfig, seedFolder, settleAgent } from "./config.ts";
import { type LearningProgress, learnSeed } from "./loop.ts";
import { assertBounded } from "./units.ts";

export interface LearnOptions extends Partial<AgentChoices> {
  /** Folder of the run; each seed has a folder in it. */
  readonly out: string;
  /** Goes on with the run in `out`, with the choices that it began with; the others are ignored. */
  readonly resume?: boolean | undefined;
  /** Stops after the step under way, and saves. */
  readonly signal?: AbortSignal | undefined;
  onProgress?(progress: LearningProgress): void;
}

/** A run of an agent. */
export interface LearnedAgent {
  readonly path: string;
  readonly config: AgentConfig;
  /** Steps done by each seed that has begun. */
  readonly steps: readonly { readonly seed: number; readonly step: number }[];
}

/**
 * An agent learns by acting in an environment, from scratch for each seed.
 * @throws UserError for a wrong option, a folder that is taken, a full disk; Diverged when a loss becomes NaN or infinite
 *
 * @example
 * await learn({ environment: "half-cheetah", method: "td3+sale", out: "runs/cheetah", learning: { steps: 50_000, seeds: 3 } });
 */
export async function learn(options: LearnOptions): Promise<LearnedAgent> {
  const { out, signal, resume = false } = options;
  const config = await configOf(options);
  const parts = await agentParts(config, { isStored: resume });
  assertBounded(parts.spaces.actionSpace);
  if (!resume) await refuseTaken(out);
  await claimFolder(out, "run");
  const lock = await lockRun(out);
  try {
    if (!resume) {
      await refuseTaken(out);
      await writeConfig(out, config);
    }
    const { seed: first, seeds } = config.learning;
    const steps: { seed: number; step: number }[] = [];
    for (let seed = first; seed < first + seeds && !signal?.aborted; seed++) {
      const folder = seedFolder(out, seed);
      await makeFolder(join(folder, "checkpoints"));
      await removeTemporary(folder, true);
      await removeTemporary(join(folder, "checkpoints"), true);
      if (!existsSync(join(folder, "config.json")))
        await writeConfig(folder, { ...config, learning: { ...config.learning, seed, seeds: 1 } });
      const { onProgress } = options;
      const step = await learnSeed({
        ...{ config, parts, seed, out: folder, lock, signal },
        resume: existsSync(agentCheckpoint(folder)),
        ...(onProgress ? { onProgress } : {}),
      });
      steps.push({ seed, step });
    }
    return { path: out, config, steps };
  } finally {
    await lock.release();
  }
}

async function configOf({ out, resume, environment, method, ...others }: LearnOptions): Promise<AgentConfig> {
  if (!resume) {
    if (environment === undefined) throw new UserError("name the environment to act in, or a run to continue");
    if (method === undefined) throw new UserError("name the agent: td3, td3+sale …");
    return settleAgent({ environment, method, ...others });
  }
  const config = await readAgentConfig(out);
  if (config) return config;
  throw new UserError(`${out}: no run of an agent (it has no config.json of one)`);
}

const writeConfig = (folder: string, config: AgentConfig): Promise<void> =>
  writeAtomically(join(folder, "config.json"), [`${JSON.stringify(config, null, 2)}\n`]);
