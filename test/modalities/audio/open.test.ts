import assert from "node:assert/strict";
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { BrokenSample } from "../../../src/foundation/errors.ts";
import { audio } from "../../../src/modalities/audio/index.ts";

const folder = await mkdtemp(join(tmpdir(), "audio-"));
after(() => rm(folder, { recursive: true, force: true }));
const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/sound/${name}`, import.meta.url));

const names = ["tones-16.wav", "tones.flac", "tones.opus"];
for (const [at, name] of names.entries()) {
  await mkdir(join(folder, `class${at}`), { recursive: true });
  await copyFile(fixture(name), join(folder, `class${at}`, name));
}
await writeFile(join(folder, "class0", "broken.wav"), "RIFF....WAVE");
await copyFile(fixture("tones.m4a"), join(folder, "class0", "song.m4a"));

const options = audio.options.parse({ rate: 16000, window: 0.2 });

test("folders are labels, what is not decoded is counted with advice", async () => {
  const source = await audio.open(folder);
  assert.deepEqual(source.classes, ["class0", "class1", "class2"]);
  assert.equal(source.length, 4);
  assert.match(JSON.stringify(source.leftOut), /M4A.*convert to FLAC/);
  await source.close();
});

test("a table of paths is a source, with its labels; what is missing is broken when it is read", async () => {
  const table = join(folder, "list.csv");
  const rows = ["path,label", "class0/tones-16.wav,a", "./class1/tones.flac,b", "gone.wav,a", "notes.txt,a"];
  await writeFile(table, `${rows.join("\n")}\n`);
  assert.equal(await audio.recognises(table), "certain");
  const source = await audio.open(table);
  const names = Array.from({ length: source.length }, (_, index) => source.name(index));
  assert.deepEqual(names, ["class0/tones-16.wav", "class1/tones.flac", "gone.wav"]);
  assert.deepEqual(
    [source.classes, [...(source.labels ?? [])]],
    [
      ["a", "b"],
      [0, 1, 0],
    ],
  );
  assert.ok((await source.read(0)).wave.length > 0);
  await assert.rejects(source.read(2), BrokenSample);
  assert.match(JSON.stringify(source.leftOut), /txt/);
  await source.close();
  await writeFile(table, "path,label\nclass0/tones-16.wav,a\nclass0/tones-16.wav,b\n");
  await assert.rejects(audio.open(table), /labels class0\/tones-16.wav "b", an earlier row "a"/);
  await writeFile(table, "path,text\na.png,x\n");
  assert.equal(await audio.recognises(table), undefined);
  await rm(table);
});

test("longer recordings are cut into windows with their label, decoded once and read alike from another thread's source", async () => {
  const source = await audio.open(folder);
  const notes: string[] = [];
  const cut = await audio.cut!(source, options, (note) => notes.push(note));
  assert.match(notes.join(), /4 recordings are read as 10 windows of 0.2 s/);
  assert.equal(cut.length, 10);
  assert.deepEqual([...(cut.labels ?? [])], [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]);
  assert.deepEqual(
    [...Array(4).keys()].map((index) => cut.name(index)),
    ["class0/broken.wav", "class0/tones-16.wav@0.00s", "class0/tones-16.wav@0.20s", "class0/tones-16.wav@0.30s"],
  );
  assert.equal(await audio.group!(cut, 3), "class0/tones-16.wav");
  await assert.rejects(cut.read(0), BrokenSample);
  const first = await cut.read(2);
  assert.equal(first.wave.length, 3200);
  const other = await audio.reopen(structuredClone(cut.manifest), options);
  for (let index = 1; index < cut.length; index++)
    assert.deepEqual((await other.read(index)).wave, (await cut.read(index)).wave);
  await other.close();
  await cut.close();
  await source.close();
});

test("the window is nearly the longest recording's, and the input what the encoder reads", async () => {
  const source = await audio.open(folder);
  assert.deepEqual(await audio.infer(source), { window: 0.5, input: "spectrogram" });
  assert.equal((await audio.infer(source, { "*": 2 })).input, "wave");
  await source.close();
});

test("a sound of another rate is heard at the encoder's", async () => {
  const modality = audio.build(options);
  const { length } = await readdir(folder);
  assert.ok(length > 0);
  const wave = (rate: number) =>
    Float32Array.from({ length: rate }, (_, at) => 0.3 * Math.sin((2 * Math.PI * 500 * at) / rate));
  const [own, other] = [16000, 48000].map((rate) => modality.tensors({ rate, wave: wave(rate) }).spectrogram!);
  assert.deepEqual(other!.shape, own!.shape);
  const column = (data: ArrayLike<number>) => Array.from({ length: 20 }, (_, band) => data[(band + 6) * 16 + 8]!);
  for (const [at, value] of column(own!.data).entries()) assert.ok(Math.abs(value - column(other!.data)[at]!) < 0.05);
});
