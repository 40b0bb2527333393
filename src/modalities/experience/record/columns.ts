import type { SchemaElement } from "hyparquet-writer";
import type { ParquetTable } from "../../../interop/parquet.ts";
import type { Episode } from "./episode.ts";
import {
  ACTION,
  CHUNK,
  DONE,
  type Feature,
  FINAL,
  INFORMATION,
  OBSERVATION,
  REWARD,
  SUCCESS,
  TERMINATED,
  type Totals,
} from "./layout.ts";
import { statsOf, totalOf } from "./totals.ts";

/** A column of a table: its elements of the schema, and the value of each row. */
interface Column {
  readonly name: string;
  readonly schema: readonly SchemaElement[];
  readonly data: readonly unknown[];
}

const plain = (name: string, type: "FLOAT" | "DOUBLE" | "INT64" | "BOOLEAN"): SchemaElement => ({
  ...{ name, type, repetition_type: "REQUIRED" },
});
const text = (name: string): SchemaElement => ({
  ...{ name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" },
});
const listOf = (name: string, element: SchemaElement): SchemaElement[] => [
  { name, converted_type: "LIST", num_children: 1, repetition_type: "REQUIRED" },
  { name: "list", num_children: 1, repetition_type: "REPEATED" },
  element,
];
const whole = (name: string, data: readonly number[]): Column => ({
  ...{ name, schema: [plain(name, "INT64")], data: data.map(BigInt) },
});
const truths = (name: string, data: readonly boolean[]): Column => ({ name, schema: [plain(name, "BOOLEAN")], data });

/** One number a row is a number, several are a list: as LeRobot has them. */
const vectors = (name: string, values: Float32Array, width: number): Column => {
  const rows = values.length / width;
  if (width === 1) return { name, schema: [plain(name, "FLOAT")], data: Array.from(values) };
  const data = Array.from({ length: rows }, (_, row) => Array.from(values.subarray(row * width, (row + 1) * width)));
  return { name, schema: listOf(name, plain("element", "FLOAT")), data };
};

const images = (name: string, pngs: readonly Uint8Array[], paths: readonly string[]): Column => ({
  name,
  schema: [
    { name, num_children: 2, repetition_type: "OPTIONAL" },
    { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
    { ...text("path"), repetition_type: "OPTIONAL" },
  ],
  data: pngs.map((bytes, row) => ({ bytes, path: paths[row] })),
});

const tableOf = (columns: readonly Column[]): ParquetTable => ({
  schema: columns.flatMap(({ schema }) => schema),
  rows: columns[0]?.data.length ?? 0,
  metadata: {},
  values: (start, end) => columns.map(({ name, data }) => ({ name, data: data.slice(start, end) })),
});

/** Where a file lies in the whole recording. */
export interface Place {
  readonly file: number;
  /** Episodes and frames before it. */
  readonly episodes: number;
  readonly frames: number;
}

/** Several episodes' numbers, one after the other. */
function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const isPngs = (values: Float32Array | readonly Uint8Array[]): values is readonly Uint8Array[] =>
  !(values instanceof Float32Array);

/** The numbers of all frames but the one after the last action. */
const before = (values: Float32Array, steps: number) => values.subarray(0, (values.length / (steps + 1)) * steps);

type Features = Readonly<Record<string, Feature>>;

/** The rows of a file of frames. */
export function framesTable(episodes: readonly Episode[], features: Features, place: Place, fps: number): ParquetTable {
  const columns: Column[] = [];
  const each = <Value>(value: (episode: Episode, index: number, frame: number) => Value): Value[] =>
    episodes.flatMap((episode, index) =>
      Array.from({ length: episode.steps }, (_, frame) => value(episode, index, frame)),
    );
  for (const [key, { dtype, shape }] of Object.entries(features)) {
    const width = shape[0] ?? 1;
    if (key.startsWith(OBSERVATION)) {
      const name = key.slice(OBSERVATION.length);
      if (dtype === "image") {
        const pngs = episodes.flatMap(({ observations, steps }) => {
          const all = observations[name]!;
          return isPngs(all) ? all.slice(0, steps) : [];
        });
        columns.push(
          images(
            key,
            pngs,
            each((_, __, frame) => `frame-${String(frame).padStart(6, "0")}.png`),
          ),
        );
      } else
        columns.push(
          vectors(
            key,
            joined(
              episodes.map(({ observations, steps }) => {
                const all = observations[name]!;
                return isPngs(all) ? new Float32Array() : before(all, steps);
              }),
            ),
            width,
          ),
        );
    } else if (key === ACTION) {
      const actions = joined(episodes.map((episode) => episode.actions));
      columns.push(dtype === "int64" ? whole(key, Array.from(actions)) : vectors(key, actions, width));
    } else if (key === REWARD) columns.push(vectors(key, joined(episodes.map(({ rewards }) => rewards)), 1));
    else if (key === DONE)
      columns.push(
        truths(
          key,
          each(({ steps }, _, frame) => frame === steps - 1),
        ),
      );
    else if (key === TERMINATED)
      columns.push(
        truths(
          key,
          each(({ steps, terminated }, _, frame) => terminated && frame === steps - 1),
        ),
      );
    else if (key === SUCCESS)
      columns.push(
        truths(
          key,
          each(({ steps, succeeded }, _, frame) => succeeded === true && frame === steps - 1),
        ),
      );
    else if (key.startsWith(INFORMATION)) {
      const name = key.slice(INFORMATION.length);
      const none = (steps: number) => new Float32Array(steps).fill(Number.NaN);
      columns.push(vectors(key, joined(episodes.map(({ information, steps }) => information[name] ?? none(steps))), 1));
    } else if (key === "timestamp")
      columns.push(vectors(key, Float32Array.from(each((_, __, frame) => frame / fps)), 1));
  }
  const index = each((_, __, frame) => frame).map((_, at) => place.frames + at);
  columns.push(
    whole(
      "frame_index",
      each((_, __, frame) => frame),
    ),
    whole(
      "episode_index",
      each((_, episode) => place.episodes + episode),
    ),
    whole("index", index),
    whole(
      "task_index",
      index.map(() => 0),
    ),
  );
  return tableOf(columns);
}

/** Sums over the frames of an episode, by column. */
export function totalsOf({ observations, actions, rewards, steps }: Episode, features: Features): Totals {
  const totals: Totals = {};
  for (const [name, values] of Object.entries(observations))
    if (!isPngs(values)) totals[OBSERVATION + name] = totalOf(before(values, steps), values.length / (steps + 1));
  totals[ACTION] = totalOf(actions, features[ACTION]?.shape[0] ?? 1);
  totals[REWARD] = totalOf(rewards, 1);
  return totals;
}

/** The rows of a file of episodes: where their frames are, statistics, the seed, and what was seen after the last action. */
export function episodesTable(
  episodes: readonly Episode[],
  features: Features,
  place: Place,
  task: string,
): ParquetTable {
  const [chunk, file] = [Math.floor(place.file / CHUNK), place.file % CHUNK];
  const same = (value: number) => episodes.map(() => value);
  const starts: number[] = [];
  let start = place.frames;
  for (const { steps } of episodes) {
    starts.push(start);
    start += steps;
  }
  const columns: Column[] = [
    whole(
      "episode_index",
      episodes.map((_, at) => place.episodes + at),
    ),
    { name: "tasks", schema: listOf("tasks", text("element")), data: episodes.map(() => [task]) },
    whole(
      "length",
      episodes.map(({ steps }) => steps),
    ),
    whole("data/chunk_index", same(chunk)),
    whole("data/file_index", same(file)),
    whole("dataset_from_index", starts),
    whole(
      "dataset_to_index",
      starts.map((from, at) => from + episodes[at]!.steps),
    ),
    whole("meta/episodes/chunk_index", same(chunk)),
    whole("meta/episodes/file_index", same(file)),
    whole(
      "seed",
      episodes.map(({ seed }) => seed),
    ),
  ];
  const stats = episodes.map((episode) => statsOf(totalsOf(episode, features)));
  for (const [name, of] of Object.entries(stats[0] ?? {}))
    for (const kind of Object.keys(of)) {
      const column = `stats/${name}/${kind}`;
      columns.push({
        name: column,
        schema: listOf(column, plain("element", "DOUBLE")),
        data: stats.map((one) => one[name]?.[kind] ?? []),
      });
    }
  for (const name of Object.keys(episodes[0]?.observations ?? {})) {
    const column = FINAL + OBSERVATION + name;
    const values = episodes.map(({ observations }) => observations[name]!);
    const pngs = values.flatMap((all) => (isPngs(all) ? all.slice(-1) : []));
    if (pngs.length > 0)
      columns.push(
        images(
          column,
          pngs,
          pngs.map(() => "final.png"),
        ),
      );
    else {
      const width = features[OBSERVATION + name]?.shape[0] ?? 1;
      columns.push(
        vectors(column, joined(values.map((all) => (isPngs(all) ? new Float32Array() : all.subarray(-width)))), width),
      );
    }
  }
  return tableOf(columns);
}

/** The one task, as pandas writes a table that is indexed by it: which LeRobot reads. */
export function tasksTable(task: string): ParquetTable {
  const index = "task";
  const described = [
    { name: "task_index", field_name: "task_index", pandas_type: "int64", numpy_type: "int64", metadata: null },
    { name: index, field_name: index, pandas_type: "unicode", numpy_type: "object", metadata: null },
  ];
  return {
    ...tableOf([whole("task_index", [0]), { name: index, schema: [text(index)], data: [task] }]),
    metadata: { pandas: JSON.stringify({ index_columns: [index], column_indexes: [], columns: described }) },
  };
}
