import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { groupNumbersOf } from "../../../src/data/parts/group-numbers.ts";
import type { OpenOptions, Source } from "../../../src/data/source.ts";
import { series } from "../../../src/modalities/series/index.ts";
import { type SeriesOptions, SeriesOptions as schema } from "../../../src/modalities/series/options.ts";
import { openData } from "../../../src/training/run/open-data.ts";
import { csvOf } from "../../fixtures/series.ts";

async function read(
  name: string,
  table: string,
  options: OpenOptions,
  wanted: Partial<SeriesOptions>,
  labels?: string,
): Promise<Source<unknown>> {
  const folder = await mkdtemp(join(tmpdir(), "autodidact-test-"));
  try {
    const path = join(folder, name);
    await writeFile(path, table);
    if (labels !== undefined) await writeFile(join(folder, "labels.csv"), labels);
    const given = labels === undefined ? options : { ...options, labels: join(folder, "labels.csv") };
    return await openData({ modalityDefinition: series, modalityOptions: schema.parse(wanted) }, path, given);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Two engines of ten steps, with the steps left until the end. */
const engines = csvOf(
  ["cycle", "engine", "a", "left"],
  ["e1", "e2"].flatMap((id, at) => Array.from({ length: 10 }, (_, step) => [step, id, step + 100 * at, 9 - step])),
);

test("a window has the label of its last step, and belongs to its series", async () => {
  const table = { by: "engine", time: "cycle", labelColumn: "left" };
  const source = await read("c.csv", engines, table, { channels: ["a"], window: 4, hop: 3 });
  assert.equal(source.length, 6);
  const names = Array.from({ length: 6 }, (_, index) => source.name(index));
  assert.deepEqual(names, ["e1@0", "e1@3", "e1@6", "e2@0", "e2@3", "e2@6"]);
  const labels = Array.from(source.labels ?? [], (label) => source.classes?.[label]);
  assert.deepEqual(labels, ["6", "3", "0", "6", "3", "0"]);
  assert.deepEqual([...((await groupNumbersOf(series, source)) ?? [])], [0, 0, 0, 1, 1, 1]);
  const { series: tensor } = series
    .build(schema.parse({ channels: ["a"], window: 4, normalize: "none" }))
    .tensors((await source.read(4)) as Parameters<ReturnType<typeof series.build>["tensors"]>[0]);
  assert.deepEqual([...(tensor?.data ?? [])], [103, 104, 105, 106]);
});

test("groups by a pattern of the names, or by a column of the table of labels, survive the cutting", async () => {
  const pattern = await read(
    "c.csv",
    engines,
    { by: "engine", time: "cycle", group: "^(e)" },
    { channels: ["a"], window: 4 },
  );
  assert.deepEqual(
    new Set(await groupNumbersOf(series, pattern, Int32Array.from(Array(pattern.length).keys()))),
    new Set([0]),
  );
  const labels = "path,label,plant\ne1,good,north\ne2,bad,north\n";
  const table = { by: "engine", time: "cycle", group: "plant" };
  const source = await read("c.csv", engines, table, { channels: ["a"], window: 4 }, labels);
  assert.deepEqual(new Set(await groupNumbersOf(series, source)), new Set([0]));
  assert.equal(source.group?.(0), "north");
  await assert.rejects(
    read("c.csv", engines, { by: "engine", time: "cycle", group: "plant" }, { channels: ["a"] }),
    /no column "plant"; there are: .*--group names a column .* or is a pattern for names/,
  );
  await assert.rejects(
    read("c.csv", engines, { by: "engine", time: "cycle", group: "^(x)" }, { channels: ["a"] }),
    /--group \^\(x\): does not match e1/,
  );
});

test("series at other steps are resampled to the run's", async () => {
  const table = csvOf(
    ["time", "id", "a"],
    [
      ...Array.from({ length: 11 }, (_, at) => [at, "p", at]),
      ...Array.from({ length: 21 }, (_, at) => [at / 2, "q", at / 2]),
    ],
  );
  const notes: string[] = [];
  const folder = await mkdtemp(join(tmpdir(), "autodidact-test-"));
  await writeFile(join(folder, "r.csv"), table);
  const whole = await series.open(join(folder, "r.csv"), { by: "id" });
  await rm(folder, { recursive: true });
  const options = schema.parse({ channels: ["a"], window: 16, step: 1 });
  const cut = await series.cut?.(whole, options, (note) => notes.push(note));
  const second = await cut?.read(1);
  assert.deepEqual([second?.length, second?.step], [11, 1]);
  assert.ok(second?.values.every((value, at) => Math.abs(value - at) <= 0.5));
  assert.match(notes.join(), /1 of 2 series have other steps and are resampled to 1/);
});
