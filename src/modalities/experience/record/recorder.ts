import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Environment, EnvironmentDefinition } from "../../../environments/environment.ts";
import { codeOf, UserError } from "../../../foundation/errors.ts";
import { fileError, makeFolder, removeTemporary, writeAtomically } from "../../../foundation/files.ts";
import { parseJson } from "../../../foundation/json.ts";
import { writeParquet } from "../../../interop/parquet.ts";
import { episodesTable, framesTable, type Place, tasksTable, totalsOf } from "./columns.ts";
import type { Episode } from "./episode.ts";
import {
  CHUNK,
  dataFile,
  episodesFile,
  type Feature,
  INFO,
  Info,
  type Provenance,
  STATS,
  TASKS,
  VERSION,
} from "./layout.ts";
import { featuresOf } from "./spaces.ts";
import { statsOf, sumOf } from "./totals.ts";

/** What a recording is of. */
export interface Recorded {
  readonly definition: Pick<EnvironmentDefinition, "name" | "summary" | "success">;
  readonly spaces: Pick<Environment, "observationSpace" | "actionSpace">;
  /** How the environment is named by the user: a name, or the path of a file. */
  readonly environment: string;
  /** Settled options of the environment. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly versions: Readonly<Record<string, string>>;
  /** Frames a second of simulated time; 1 where a step has no length. */
  readonly fps?: number;
}

/** A recording that grows by files of whole episodes. */
export interface Recorder {
  /** Episodes that are safely there. */
  readonly episodes: number;
  readonly frames: number;
  /** Attempts that were made: the next has this number. */
  readonly attempts: number;
  /** Of them those that fulfilled the task, where there is such a thing. */
  readonly succeeded: number | undefined;
  /** Who acts from now on. */
  acts(policy: string): void;
  /**
   * Adds a file of episodes. What was there before stays as it is, also when the process is killed meanwhile.
   * @param attempts that were made for them; by default as many
   */
  write(episodes: readonly Episode[], attempts?: number): Promise<void>;
}

/** Where a recording comes from; undefined for one that `collect` did not make. @throws UserError when it is damaged */
export const recordedIn = async (folder: string): Promise<Provenance | undefined> =>
  (await storedInfo(folder))?.autodidact;

async function storedInfo(folder: string): Promise<Info | undefined> {
  const path = join(folder, INFO);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return undefined;
    throw fileError(path, "read", error);
  });
  return text === undefined ? undefined : Info.safeParse(parseJson(text, path)).data;
}

async function readInfo(folder: string): Promise<Info | undefined> {
  const path = join(folder, INFO);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return undefined;
    throw fileError(path, "read", error);
  });
  if (text === undefined) return undefined;
  const info = Info.safeParse(parseJson(text, path));
  if (!info.success || !info.data.autodidact)
    throw new UserError(`${folder}: a recording that collect did not make; name a new folder`);
  return info.data;
}

const begun = ({ environment, options, seed, versions, definition }: Recorded, policy: string): Provenance => ({
  ...{ environment, options: { ...options }, seed, versions: { ...versions } },
  stages: [{ first: 0, policy }],
  files: [],
  attempts: 0,
  ...(definition.success === undefined ? {} : { succeeded: 0 }),
  totals: {},
});

/** @throws UserError when the recording that is there is of something else */
function refuseOther(folder: string, found: Provenance, { environment, options, seed, versions }: Recorded): void {
  const differing = [
    ...(found.environment === environment ? [] : [`the environment ${found.environment}, not ${environment}`]),
    ...(found.seed === seed ? [] : [`--seed ${found.seed}, not ${seed}`]),
    ...[...new Set([...Object.keys(found.options), ...Object.keys(options)])].flatMap((name) => {
      const [then, now] = [found.options[name], JSON.parse(JSON.stringify(options[name] ?? null))];
      return isDeepStrictEqual(then ?? null, now)
        ? []
        : [`${name} ${JSON.stringify(then)}, not ${JSON.stringify(now)}`];
    }),
    ...Object.entries(versions).flatMap(([name, version]) =>
      (found.versions[name] ?? version) === version ? [] : [`${name} ${found.versions[name]}, not ${version}`],
    ),
  ];
  if (differing.length > 0)
    throw new UserError(
      `${folder}: recorded with ${differing.join("; ")}; go on as it was begun, or name a new folder`,
    );
}

/**
 * Opens a recording to add to it, or begins one.
 * @throws UserError when the folder holds a recording of something else
 */
export async function openRecorder(folder: string, recorded: Recorded, policy: string): Promise<Recorder> {
  const info = await readInfo(folder);
  if (info?.autodidact) refuseOther(folder, info.autodidact, recorded);
  else await makeFolder(folder);
  let provenance = info?.autodidact ?? begun(recorded, policy);
  let features: Readonly<Record<string, Feature>> | undefined = info?.features;
  const count = () => provenance.files.reduce((sum, { episodes }) => sum + episodes, 0);
  const frames = () => provenance.files.reduce((sum, one) => sum + one.frames, 0);
  const fps = recorded.fps ?? 1;
  const task = recorded.definition.summary;

  const writeMeta = async (): Promise<void> => {
    const json = (value: unknown) => [`${JSON.stringify(value, null, 1)}\n`];
    await writeAtomically(join(folder, STATS), json(statsOf(provenance.totals)));
    const written: Record<string, unknown> = {
      ...{ codebase_version: VERSION, robot_type: recorded.definition.name },
      ...{ total_episodes: count(), total_frames: frames(), total_tasks: 1, chunks_size: CHUNK, fps },
      ...{ data_files_size_in_mb: 100, video_files_size_in_mb: 200, splits: { train: `0:${count()}` } },
      data_path: "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
      video_path: null,
      features,
      autodidact: provenance,
    };
    // Last: what it does not name is not there.
    await writeAtomically(join(folder, INFO), json(written));
  };

  const table = async (name: string, content: Parameters<typeof writeParquet>[1]): Promise<void> => {
    const path = join(folder, name);
    await makeFolder(dirname(path));
    await removeTemporary(dirname(path), true);
    await writeParquet(path, content);
  };

  const informationOf = (episodes: readonly Episode[]) =>
    [...new Set(episodes.flatMap(({ information }) => Object.keys(information)))].sort();

  return {
    get episodes() {
      return count();
    },
    get frames() {
      return frames();
    },
    get attempts() {
      return provenance.attempts;
    },
    get succeeded() {
      return provenance.succeeded;
    },
    acts(name) {
      const { stages } = provenance;
      if (stages.at(-1)?.policy === name) return;
      const kept = stages.filter(({ first }) => first < count());
      provenance = { ...provenance, stages: [...kept, { first: count(), policy: name }] };
    },
    async write(episodes, attempts = episodes.length) {
      features ??= featuresOf(recorded.spaces, recorded.definition, informationOf(episodes));
      const place: Place = { file: provenance.files.length, episodes: count(), frames: frames() };
      if (place.file === 0) await table(TASKS, tasksTable(task));
      await table(dataFile(place.file), framesTable(episodes, features, place, fps));
      await table(episodesFile(place.file), episodesTable(episodes, features, place, task));
      const of = features;
      const totals = episodes.map((episode) => totalsOf(episode, of)).reduce(sumOf, provenance.totals);
      const file = {
        first: place.episodes,
        episodes: episodes.length,
        frames: episodes.reduce((sum, { steps }) => sum + steps, 0),
      };
      provenance = {
        ...provenance,
        files: [...provenance.files, file],
        attempts: provenance.attempts + attempts,
        ...(provenance.succeeded === undefined
          ? {}
          : { succeeded: provenance.succeeded + episodes.filter(({ succeeded }) => succeeded).length }),
        totals,
      };
      await writeMeta();
    },
  };
}
