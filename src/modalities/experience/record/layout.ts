import * as z from "zod";

/*
 * The layout of LeRobotDataset v3.0 (https://huggingface.co/docs/lerobot/lerobot-dataset-v3): files of whole episodes, one row
 * a frame, and beside them what is in them. What is ours alone lies under the key `autodidact`, which other readers skip.
 */

export const VERSION = "v3.0";
export const INFO = "meta/info.json";
export const STATS = "meta/stats.json";
export const TASKS = "meta/tasks.parquet";
/** Files in a folder `chunk-000`. */
export const CHUNK = 1000;

const padded = (index: number) => String(index).padStart(3, "0");

/** `chunk-000/file-012.parquet` of file 12. */
export const chunkFile = (file: number): string =>
  `chunk-${padded(Math.floor(file / CHUNK))}/file-${padded(file % CHUNK)}.parquet`;
export const dataFile = (file: number): string => `data/${chunkFile(file)}`;
export const episodesFile = (file: number): string => `meta/episodes/${chunkFile(file)}`;

/** Columns of frames that every recording has. */
export const USUAL = ["timestamp", "frame_index", "episode_index", "index", "task_index"] as const;

export const OBSERVATION = "observation.";
export const ACTION = "action";
export const REWARD = "next.reward";
export const DONE = "next.done";
export const TERMINATED = "next.terminated";
export const SUCCESS = "next.success";
/** What is known of a world and not seen in it, by its name in `Step.info`: for probes and measures. */
export const INFORMATION = "info.";
/** Columns of episodes: what was seen after the last action. */
export const FINAL = "final.";

/** What a column of frames holds. */
export const Feature = z.object({
  /** `float32`, `int64`, `bool`, `image`, `video` … */
  dtype: z.string().max(100),
  shape: z
    .array(
      z
        .int()
        .min(0)
        .max(2 ** 31),
    )
    .max(8),
  names: z.unknown().optional(),
  info: z.unknown().optional(),
  /** Bounds of the values, one for all or one each; of images what black and white mean. */
  low: z.union([z.number(), z.array(z.number()).max(100_000)]).optional(),
  high: z.union([z.number(), z.array(z.number()).max(100_000)]).optional(),
  /** Of a choice: how many there are. */
  choices: z.int().min(1).max(100_000).optional(),
});
export type Feature = z.infer<typeof Feature>;

/** Sums over frames from which their mean and deviation follow, by column. */
export const Totals = z.record(
  z.string(),
  z.object({
    count: z.int().min(0),
    ...{ min: z.array(z.number()), max: z.array(z.number()), mean: z.array(z.number()), squares: z.array(z.number()) },
  }),
);
export type Totals = z.infer<typeof Totals>;

/** Who acted, from an episode on. */
export const Stage = z.object({ first: z.int().min(0), policy: z.string().min(1).max(10_000) });
export type Stage = z.infer<typeof Stage>;

/** Where a recording comes from, and how far it is. */
export const Provenance = z.object({
  environment: z.string().max(10_000),
  options: z.record(z.string(), z.unknown()),
  seed: z.int(),
  /** Versions of what it was recorded with. */
  versions: z.record(z.string(), z.string()),
  stages: z.array(Stage).min(1).max(10_000),
  /** Whole files, in order: the episode that each begins with, and its episodes and frames. */
  files: z.array(z.object({ first: z.int().min(0), episodes: z.int().min(1), frames: z.int().min(1) })).max(1_000_000),
  /** Attempts that were made: the episodes, and those that went wrong. */
  attempts: z.int().min(0),
  /** Episodes that fulfilled the task, where there is such a thing. */
  succeeded: z.int().min(0).optional(),
  totals: Totals,
});
export type Provenance = z.infer<typeof Provenance>;

/** `meta/info.json`, as far as it is read. */
export const Info = z.object({
  codebase_version: z.string().max(100),
  robot_type: z.string().max(1000).nullish(),
  total_episodes: z.int().min(0),
  total_frames: z.int().min(0),
  fps: z.number().positive().max(1e6).nullish(),
  features: z.record(z.string().max(1000), Feature),
  autodidact: Provenance.optional(),
});
export type Info = z.infer<typeof Info>;
