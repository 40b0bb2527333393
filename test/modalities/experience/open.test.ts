import assert from "node:assert/strict";
import { mkdir, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { SchemaElement } from "hyparquet-writer";
import { Rng } from "../../../src/array/rng.ts";
import type { Source } from "../../../src/data/source.ts";
import { BrokenSample } from "../../../src/foundation/errors.ts";
import { writeParquet } from "../../../src/interop/parquet.ts";
import { loadSharp } from "../../../src/interop/sharp.ts";
import { experience } from "../../../src/modalities/experience/index.ts";
import { attempt } from "../../../src/modalities/experience/record/episode.ts";
import {
  actionAt,
  type Experience,
  type ExperienceSample,
  imageAt,
  isSeen,
  shifted,
  vectorAt,
} from "../../../src/modalities/experience/sample.ts";
import { puck } from "../../fixtures/experience/puck.ts";
import { writePucks } from "../../fixtures/experience/write.ts";
import { inFolder } from "../../support/cli.ts";

const frameAt = async (source: Source<ExperienceSample>, index: number): Promise<Experience> => {
  const sample = await source.read(index);
  assert.ok(!isSeen(sample));
  return sample;
};

/** Reasons of the entries that are broken, by name. */
async function brokenOf(source: Source<ExperienceSample>): Promise<Record<string, string>> {
  const reasons: Record<string, string> = {};
  for (let index = 0; index < source.length; index++)
    await source.read(index).catch((error: unknown) => {
      assert.ok(error instanceof BrokenSample, String(error));
      reasons[source.name(index)] = error.message;
    });
  return reasons;
}

test("what was recorded is read: what was seen, done and came of it, and what was seen last", () =>
  inFolder(async (folder) => {
    await writePucks(folder, { episodes: 3, each: 2, seed: 5, steps: 4 });
    using world = await puck.make(puck.options.parse({ steps: 4 }));
    const source = await experience.open(folder, { labelColumn: "info.distance" });
    assert.equal(source.length, 12);
    assert.equal(source.name(5), "episode-000001/frame-000001");
    assert.equal(source.group?.(5), "episode 1");
    for (const index of [0, 1, 2]) {
      const episode = await attempt(world, puck, { seed: 5, index });
      const first = await frameAt(source, 4 * index);
      const { state, camera } = world.reset(episode.seed);
      assert.deepEqual(vectorAt(first, "state"), state);
      const { data } = imageAt(first, "camera");
      data.forEach((value, at) => {
        assert.ok(Math.abs(value - camera![at]!) < 1 / 65_535, `pixel ${at}: ${value}, not ${camera![at]}`);
      });
      // The actions again, one by one: the last observation is there as well.
      for (let step = 0; step < 4; step++) {
        const { observation, info } = world.step(actionAt(shifted(first, step)));
        assert.deepEqual(vectorAt(shifted(first, step + 1), "state"), observation.state);
        const label = source.classes?.[source.labels?.[4 * index + step] ?? -1];
        assert.ok(Math.abs(Number(label) - info.distance!) < 1e-6, `${label}, not ${info.distance}`);
      }
      assert.equal(shifted(first, 9).row, first.row + 4);
      assert.equal(shifted(first, -9).row, first.row);
    }
    const parts = await experience.open(folder, { labelColumn: "observation.state.x,action.1" });
    assert.match(parts.classes?.[0] ?? "", /^observation\.state\.x=-?[\d.e-]+\|action\.1=-?[\d.e-]+$/);
    await assert.rejects(experience.open(folder, { labelColumn: "info.height" }), (error: Error) => {
      assert.equal(error.name, "UserError");
      assert.match(
        error.message,
        /no column "info.height" of single numbers; there are .*info\.corner, info\.distance/,
      );
      return true;
    });
  }));

test("transitions and plans end with the episode, or go on with what does not tell how it ended", () =>
  inFolder(async (folder) => {
    // To the upper right, which ends every episode by its own rules.
    await writePucks(folder, { episodes: 6, steps: 20, policy: { act: () => Float32Array.of(1, 0.9) } });
    const source = await experience.open(folder);
    const options = experience.options.parse({
      ...(await experience.infer(source)),
      observation: ["state"],
      horizon: 3,
    });
    const files = await experience.learn!(source, options);
    const { transition, outcome } = experience.build(options, files);
    const whole = await experience.arrange!(source, { ...options, ends: false }, files);
    const all = await experience.arrange!(source, options, files);
    // Of every episode the last two frames have fewer than three actions after them.
    assert.deepEqual([whole.length, all.length], [source.length - 12, source.length]);
    for (let index = 0; index < all.length; index++) {
      const frame = await frameAt(all, index);
      const { succeeded, failed, plan } = outcome.of(frame);
      const isEnd = !(await has(whole, all.name(index))) || (await lastOf(whole, all.name(index)));
      assert.deepEqual([succeeded, failed], [isEnd ? 1 : 0, 0], all.name(index));
      // Every action of every plan is one that somebody took: none is 0, which standardised would be something else.
      const taken = new Set(Array.from(plan.data, (value) => value.toFixed(3)));
      assert.ok(taken.size <= 2, `${[...taken]}`);
    }
    const first = await frameAt(whole, 0);
    const { before, after, action, terminated } = transition.of(first);
    assert.deepEqual([action.shape, terminated], [[6], 0]);
    const seen = (frame: Experience) => experience.build(options, files).tensors(frame).values?.data;
    assert.deepEqual([before.values?.data, after.values?.data], [seen(first), seen(shifted(first, 3))]);
    // Another seed of the views moves both alike, and changes nothing that was done.
    assert.deepEqual(transition.of(first, new Rng(1)).action, action);
    await assert.rejects(experience.arrange!(source, { ...options, horizon: 50, ends: false }, files), {
      message: "no frame is followed by 50 actions and what was seen after them; give a smaller --horizon",
    });
  }));

const has = async (source: Source<unknown>, name: string) =>
  Array.from({ length: source.length }, (_, index) => source.name(index)).includes(name);
/** Whether the next frame of the episode is none of the source's. */
async function lastOf(source: Source<unknown>, name: string): Promise<boolean> {
  const [episode = "", frame = ""] = name.split("/frame-");
  return !(await has(source, `${episode}/frame-${String(Number(frame) + 1).padStart(6, "0")}`));
}

const list = (name: string, type: "FLOAT" | "DOUBLE"): SchemaElement[] => [
  { name, converted_type: "LIST", num_children: 1, repetition_type: "OPTIONAL" },
  { name: "list", num_children: 1, repetition_type: "REPEATED" },
  { name: "element", type, repetition_type: "OPTIONAL" },
];
const whole = (name: string): SchemaElement => ({ name, type: "INT64", repetition_type: "OPTIONAL" });

/** A recording as a robot's may be: a colour camera, joints with names by motors, and nothing of ours. */
async function writeRobot(
  folder: string,
  change: {
    info?: Record<string, unknown>;
    features?: Record<string, unknown>;
    state?: (frame: number) => unknown;
    image?: (frame: number, png: Uint8Array) => unknown;
    /** Lengths of both episodes, as the table of episodes says. */
    told?: readonly [number, number];
  } = {},
): Promise<string> {
  const sharp = await loadSharp();
  const frames = Array.from({ length: 8 }, (_, at) => ({ episode: at < 5 ? 0 : 1, frame: at < 5 ? at : at - 5 }));
  const pngs = await Promise.all(
    frames.map((_, at) =>
      sharp({ create: { width: 20, height: 12, channels: 3, background: { r: 20 * at, g: 100, b: 0 } } })
        .png()
        .toBuffer(),
    ),
  );
  const features = {
    "observation.images.top": { dtype: "image", shape: [12, 20, 3], names: ["height", "width", "channels"] },
    "observation.state": { dtype: "float32", shape: [2], names: { motors: ["shoulder", "elbow"] } },
    action: { dtype: "float32", shape: [2], names: { motors: ["shoulder", "elbow"] } },
    "observation.images.wrist": { dtype: "video", shape: [480, 640, 3], names: null },
    task_index: { dtype: "int64", shape: [1], names: null },
    ...change.features,
  };
  const info = { codebase_version: "v3.0", robot_type: "so100", total_episodes: 2, total_frames: 8, fps: 30, features };
  await mkdir(join(folder, "meta"), { recursive: true });
  await writeFile(join(folder, "meta/info.json"), JSON.stringify({ ...info, ...change.info }));
  const path = join(folder, "data/chunk-000/file-000.parquet");
  await mkdir(dirname(path), { recursive: true });
  const columns = [
    {
      name: "observation.images.top",
      schema: [
        { name: "observation.images.top", num_children: 2, repetition_type: "OPTIONAL" },
        { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
        { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      ] satisfies SchemaElement[],
      data: pngs.map((png, at) => ({ bytes: change.image ? change.image(at, png) : png, path: `${at}.png` })),
    },
    {
      name: "observation.state",
      schema: list("observation.state", "FLOAT"),
      data: frames.map((_, at) => (change.state ? change.state(at) : [at, -at])),
    },
    { name: "action", schema: list("action", "DOUBLE"), data: frames.map((_, at) => [at / 10, 1]) },
    { name: "episode_index", schema: [whole("episode_index")], data: frames.map(({ episode }) => BigInt(episode)) },
    { name: "frame_index", schema: [whole("frame_index")], data: frames.map(({ frame }) => BigInt(frame)) },
    { name: "task_index", schema: [whole("task_index")], data: frames.map(() => 0n) },
  ];
  await writeParquet(path, {
    schema: columns.flatMap(({ schema }) => schema),
    rows: frames.length,
    metadata: {},
    values: (start, end) => columns.map(({ name, data }) => ({ name, data: data.slice(start, end) })),
  });
  const { told } = change;
  if (told) {
    const episodes = join(folder, "meta/episodes/chunk-000/file-000.parquet");
    await mkdir(dirname(episodes), { recursive: true });
    await writeParquet(episodes, {
      ...{ schema: [whole("episode_index"), whole("length")], rows: 2, metadata: {} },
      values: (start, end) => [
        { name: "episode_index", data: [0n, 1n].slice(start, end) },
        { name: "length", data: told.map(BigInt).slice(start, end) },
      ],
    });
  }
  return folder;
}

test("a robot's recording in LeRobot's layout opens; frames in MP4 are named, and not read", () =>
  inFolder(async (folder) => {
    await writeRobot(folder);
    assert.equal(await experience.recognises(folder), "proven");
    const source = await experience.open(folder, { labelColumn: "observation.state.elbow" });
    assert.equal(source.length, 8);
    const last = await frameAt(source, 7);
    assert.deepEqual(
      [vectorAt(last, "state"), actionAt(last)].map((values) => Array.from(values)),
      [
        [7, -7],
        [Math.fround(0.7), 1],
      ],
    );
    const { channels, height, width, data } = imageAt(last, "images.top");
    assert.deepEqual([channels, height, width], [3, 12, 20]);
    assert.deepEqual([data[0], data[240], data[480]], [140 / 255, 100 / 255, 0].map(Math.fround));
    assert.equal(source.classes?.[source.labels![7]!], "-7");
    assert.deepEqual(source.leftOut, [
      {
        ...{ what: "observations (observation.images.wrist)", count: 1, example: "observation.images.wrist" },
        advice: "frames in MP4 files; record with images in the table (LeRobot: use_videos=False)",
      },
    ]);
    assert.match(source.notes?.join() ?? "", /no meta\/episodes/);
    const options = await experience.infer(source);
    assert.deepEqual(options, { observation: ["images.top"], imageSize: 24 });
  }));

test("damaged frames are named and left out, and nothing reaches across them", () =>
  inFolder(async (folder) => {
    await writeRobot(folder, {
      state: (frame) => (frame === 1 ? [1, Number.NaN] : frame === 4 ? [4] : [frame, -frame]),
      image: (frame, png) => (frame === 6 ? png.slice(0, 60) : png),
    });
    const source = await experience.open(folder);
    const reasons = await brokenOf(source);
    assert.deepEqual(Object.keys(reasons), [
      "episode-000000/frame-000001",
      "episode-000000/frame-000004",
      "episode-000001/frame-000001",
    ]);
    assert.equal(reasons["episode-000000/frame-000001"], "observation.state is NaN at 1");
    assert.equal(
      reasons["episode-000000/frame-000004"],
      "observation.state has 1 of the 2 numbers that info.json says",
    );
    assert.match(reasons["episode-000001/frame-000001"]!, /^observation.images.top: not a decodable image/);
    const arranged = await experience.arrange!(source, experience.options.parse({ ends: false }), {});
    const names = Array.from({ length: arranged.length }, (_, index) => arranged.name(index));
    assert.deepEqual(names.slice(0, 1), ["episode-000000/frame-000002"]);
    assert.equal(names.length, 1 + 3);
  }));

test("files that are cut off are named and left out; lengths that lie and missing tables are said", () =>
  inFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    await writePucks(folder, { episodes: 6, each: 2, camera: false });
    const files = (await readdir(at("data/chunk-000"))).sort();
    assert.equal(files.length, 3);
    await truncate(at("data/chunk-000/file-001.parquet"), 700);
    const source = await experience.open(folder);
    const reasons = await brokenOf(source);
    assert.deepEqual(Object.keys(reasons), ["data/chunk-000/file-001.parquet"]);
    assert.match(reasons["data/chunk-000/file-001.parquet"]!, /^not a readable Parquet file/);
    assert.equal(source.length, 48 + 1);
    assert.match(source.notes?.join() ?? "", /^1 of 3 files of frames are damaged and left out: .*file-001/);
    // The table of episodes says of which length each is.
    await rm(at("data/chunk-000/file-001.parquet"));
    await writeFile(at("meta/episodes/chunk-000/file-002.parquet"), "PAR1, and no more");
    const other = await experience.open(folder);
    assert.equal(other.length, 48);
    assert.match(other.notes?.join() ?? "", /file-002.parquet: not a readable Parquet file .*told by their frames/);
    await rm(at("meta/episodes"), { recursive: true });
    assert.match((await experience.open(folder)).notes?.join() ?? "", /no meta\/episodes/);
    await rm(at("data"), { recursive: true });
    await assert.rejects(experience.open(folder), { name: "UserError", message: /no frames: data\/ has no/ });
  }));

test("an episode that is shorter than its table says is said, and read as far as it goes", () =>
  inFolder(async (folder) => {
    const source = await experience.open(await writeRobot(join(folder, "short"), { told: [5, 9] }));
    assert.equal(source.length, 8);
    assert.deepEqual(source.notes, ["episode 1: 3 frames are there, where meta/episodes says 9"]);
    const whole = await experience.open(await writeRobot(join(folder, "whole"), { told: [5, 3] }));
    assert.equal(whole.notes, undefined);
  }));

test("what is no such recording is refused in one line that says what to do", () =>
  inFolder(async (folder) => {
    const refused = async (name: string, change: Parameters<typeof writeRobot>[1], message: RegExp) => {
      const path = await writeRobot(join(folder, name), change);
      await assert.rejects(experience.open(path), (error: Error) => {
        assert.equal(error.name, "UserError");
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });
    };
    await refused("old", { info: { codebase_version: "v2.1" } }, /layout v2\.1; only v3\.0 is read: convert it/);
    await refused("broken", { info: { total_frames: "many" } }, /info\.json: not as .*v3\.0 has it: total_frames/);
    await refused("still", { features: { action: { dtype: "string", shape: [1] } } }, /without an action of numbers/);
    const films = { dtype: "video", shape: [480, 640, 3] };
    await refused(
      "films",
      { features: { "observation.images.top": films, "observation.state": films } },
      /no observation can be read: observation\.images\.top is frames in MP4 files/,
    );
    const size = 2 ** 31;
    await refused(
      "hostile",
      { features: { "observation.images.top": { dtype: "image", shape: [size, size, 3] } } },
      /images of 2147483648 × 2147483648 pixels/,
    );
    // A length that lies: the frames say otherwise.
    const lying = await writeRobot(join(folder, "lying"), {
      features: { action: { dtype: "float32", shape: [1_000_000] } },
    });
    await assert.rejects(experience.infer(await experience.open(lying)), /none of the frames can be read/);
    await writeFile(join(lying, "meta/info.json"), "{");
    await assert.rejects(experience.recognises(lying), { name: "UserError", message: /info\.json: not JSON/ });
    assert.equal(await experience.recognises(folder), undefined);
    await assert.rejects(experience.open(folder), /no recording of experience: it has no meta\/info\.json/);
    assert.ok((await readFile(join(folder, "old/meta/info.json"), "utf8")).includes("v2.1"));
  }));
