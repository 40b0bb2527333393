/** Whole clips and series that mutants are made of. */
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { zipSync } from "fflate";
import sharp from "sharp";
import { Rng } from "../../src/array/rng.ts";
import { writeTable } from "../../src/interop/table.ts";
import { ffmpeg } from "../../src/modalities/video/formats.ts";
import type { Lab } from "./seeds.ts";

const SIDE = 24;
const FRAMES = 5;

/** A bright square that moves over a ground with noise, frame below frame. */
function moving(step: number): Buffer {
  const rng = new Rng(step + 10);
  const data = Buffer.from(Uint8Array.from({ length: 3 * SIDE * SIDE * FRAMES }, () => rng.integer(0, 40)));
  for (let frame = 0; frame < FRAMES; frame++)
    for (let row = 8; row < 16; row++)
      for (let column = 0; column < 8; column++)
        data.fill(230, 3 * ((frame * SIDE + row) * SIDE + ((column + frame * step + SIDE) % SIDE)), undefined);
  return data;
}

const raw = { width: SIDE, height: SIDE * FRAMES, channels: 3, pageHeight: SIDE } as const;
const delay = [100, 100, 200, 100, 50];

export const movingGifs = () =>
  Promise.all([2, -3].map((step) => sharp(moving(step), { raw }).gif({ delay }).toBuffer()));

export const movingWebps = () =>
  Promise.all([true, false].map((lossless) => sharp(moving(2), { raw }).webp({ delay, lossless }).toBuffer()));

export const clipZips = async (): Promise<Buffer[]> => {
  const [one, other] = [await movingGifs(), await movingWebps()];
  return [Buffer.from(zipSync({ "a/1.gif": one[0]!, "b/2.webp": other[0]!, "b/3.gif": one[1]! }))];
};

async function frames(): Promise<Buffer[]> {
  const size = 3 * SIDE * SIDE;
  const sheet = moving(2);
  return Promise.all(
    Array.from({ length: FRAMES }, (_, at) =>
      sharp(sheet.subarray(at * size, (at + 1) * size), { raw: { width: SIDE, height: SIDE, channels: 3 } })
        .png()
        .toBuffer(),
    ),
  );
}

/** One of a folder's frames. */
export const oneFrame = async (): Promise<Buffer[]> => (await frames()).slice(1, 3);

/** The frames among which the mutant lies, and a whole clip. */
export const frameFolder = (lab: Lab): Promise<string> =>
  lab.make("frames", async (folder) => {
    for (const clip of ["one", "other"]) {
      await mkdir(join(folder, "clips", clip), { recursive: true });
      for (const [at, png] of (await frames()).entries())
        await writeFile(join(folder, "clips", clip, `${at + 1}.png`), png);
    }
  });

/** Whether films can be made and opened on this machine. */
export const hasFfmpeg = (): boolean => ffmpeg() !== undefined;

const run = promisify(execFile);

/** One second of ffmpeg's test picture, with a tone, in the container of that extension; the same bytes each time. */
export const films =
  (extension: string, ...codecs: readonly (readonly string[])[]) =>
  (lab: Lab): Promise<Buffer[]> =>
    Promise.all(
      codecs.map(async (codec, at) => {
        const folder = await lab.make(`films-${extension}`, async () => undefined);
        const file = join(folder, `${at}.${extension}`);
        const exact = ["-threads", "1", "-flags", "+bitexact", "-fflags", "+bitexact"];
        const inputs = ["-f", "lavfi", "-i", "testsrc=size=48x32:rate=8:duration=1"];
        const tone = at === 0 ? ["-f", "lavfi", "-i", "sine=frequency=440:duration=1"] : [];
        const options = ["-nostdin", "-v", "error", "-y", ...inputs, ...tone, ...codec, ...exact, file];
        await run(ffmpeg()!.ffmpeg, options);
        return readFile(file);
      }),
    );

const STEPS = 40;
/** Readings of two machines: a wave, a count that is missing now and then, a state, a fault. */
const readings = ["press", "pump"].flatMap((machine, at) =>
  Array.from({ length: STEPS }, (_, step) => ({
    time: new Date(Date.UTC(2026, 0, 1 + at, 0, step)).toISOString(),
    machine,
    heat: Math.round(1000 * Math.sin(step / (3 + at))) / 100,
    count: step % 7 === 3 ? null : step * (at + 1),
    fault: step > 30 ? "wear" : "none",
  })),
);
const columns = ["time", "machine", "heat", "count", "fault"] as const;
const table = (separator: string): string =>
  `${columns.join(separator)}\n${readings.map((row) => `${columns.map((name) => row[name] ?? "").join(separator)}\n`).join("")}`;
const ofText =
  (...texts: readonly string[]) =>
  async (): Promise<Buffer[]> =>
    texts.map((text) => Buffer.from(text));

export const csvs = ofText(
  table(","),
  table(";").replaceAll(".", ","),
  `time,channel,value\n${readings.flatMap(({ heat, count }, at) => [`${at},heat,${heat}\n`, `${at},count,${count ?? ""}\n`]).join("")}`,
);
export const tsvs = ofText(table("\t"));
export const jsons = ofText(JSON.stringify(readings), readings.map((row) => JSON.stringify(row)).join("\n"));
export const ucrs = ofText(
  `@problemName Waves\n@timeStamps false\n@missing true\n@univariate true\n@equalLength false\n@classLabel true a b\n@data\n${[0, 1, 2, 3].map((at) => `${Array.from({ length: 20 + at }, (_, step) => (step === 5 ? "?" : Math.sin(step / (at + 2)).toFixed(3))).join(",")}:${at % 2 ? "a" : "b"}\n`).join("")}`,
  `@problemName Pairs\n@univariate false\n@dimensions 2\n@classLabel true a b\n@data\n1,2,3,4,5,6:6,5,4,3,2,1:a\n2,2,2,3,3,3:1,2,1,2,1,2:b\n`,
);

export const parquets = (lab: Lab): Promise<Buffer[]> =>
  lab
    .make("series", (folder) =>
      writeTable(
        join(folder, "readings.parquet"),
        columns.map((name) => ({ name, values: readings.map((row) => row[name] ?? Number.NaN) })) as Parameters<
          typeof writeTable
        >[1],
      ),
    )
    .then(async (folder) => [await readFile(join(folder, "readings.parquet"))]);

/** NumPy's arrays: of one, two and three axes. */
export const npys = async (): Promise<Buffer[]> =>
  (
    [
      ["<f4", "(40,)"],
      ["<f8", "(20, 2)"],
      [">i2", "(3, 2, 10)"],
    ] as const
  ).map(([descr, shape]) => {
    const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
    const header = `${text.padEnd(117)}\n`;
    const count = shape
      .match(/\d+/g)!
      .map(Number)
      .reduce((product, extent) => product * extent, 1);
    const data = Buffer.alloc(count * Number(descr[2]));
    for (let at = 0; at < count; at++) {
      const value = Math.round(100 * Math.sin(at / 3));
      if (descr === "<f4") data.writeFloatLE(value / 100, 4 * at);
      else if (descr === "<f8") data.writeDoubleLE(value / 100, 8 * at);
      else data.writeInt16BE(value, 2 * at);
    }
    const head = Buffer.from("\x93NUMPY\x01\0\0\0", "latin1");
    head.writeUInt16LE(header.length, 8);
    return Buffer.concat([head, Buffer.from(header, "latin1"), data]);
  });
