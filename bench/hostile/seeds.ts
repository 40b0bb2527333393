import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import sharp, { type Sharp } from "sharp";
import { Rng } from "../../src/array/rng.ts";
import { embed, exportRun, openRun, pretrain } from "../../src/index.ts";
import { writeTable } from "../../src/interop/table.ts";
import { shardOf } from "../../test/fixtures/shards.ts";
import { dicom } from "../../test/support/dicom.ts";
import { tarOf } from "../../test/support/tar.ts";

/** The whole files that mutants are made of: small, so that they decode in milliseconds, and the same each time. */

const WIDTH = 40;
const HEIGHT = 28;

/** A photo-like image: a gradient with noise. */
function drawn(channels: 1 | 3 | 4, seed = 0): Sharp {
  const rng = new Rng(seed);
  const data = Uint8Array.from({ length: WIDTH * HEIGHT * channels }, (_, at) =>
    Math.min(255, rng.integer(0, 60) + Math.floor(((at / channels) % WIDTH) * 4) + 20 * (at % channels)),
  );
  return sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels } });
}

/** Grey, colour and transparent images in one format. */
const images = async (encode: readonly ((image: Sharp) => Sharp)[], channels: readonly (1 | 3 | 4)[] = [1, 3, 4]) =>
  Promise.all(encode.flatMap((how) => channels.map((count) => how(drawn(count)).toBuffer())));

export const pngs = () =>
  images([
    (image) => image.png(),
    (image) => image.png({ progressive: true }),
    (image) => image.png({ palette: true }),
    (image) => image.toColourspace("rgb16").png(),
  ]);

export const jpegs = () =>
  images(
    [
      (image) => image.jpeg(),
      (image) => image.jpeg({ progressive: true }),
      (image) => image.toColourspace("cmyk").jpeg(),
      (image) => image.withMetadata({ orientation: 6 }).jpeg(),
    ],
    [1, 3],
  );

export const webps = () => images([(image) => image.webp(), (image) => image.webp({ lossless: true })]);
export const gifs = () => images([(image) => image.gif()]);
export const avifs = () => images([(image) => image.avif({ effort: 0 })], [3]);

export const tiffs = () =>
  images([
    ...(["none", "lzw", "deflate", "jpeg", "packbits"] as const).map(
      (compression) => (image: Sharp) => image.removeAlpha().tiff({ compression }),
    ),
    (image) => image.toColourspace("rgb16").tiff({ compression: "none" }),
    (image) => image.tiff({ compression: "none", tile: true }),
  ]);

/** Grey of 12 bits in 16, and colour. */
export const dicoms = async (): Promise<Buffer[]> => {
  const side = 8;
  const grey = Uint16Array.from({ length: side * side }, (_, at) => (at * 61) % 4096);
  const header = (syntax: string, samples: number, bits: number) =>
    [
      [0x00020010, "UI", syntax],
      [0x00080060, "CS", "CT"],
      [0x00100020, "LO", "P1"],
      [0x00280002, "US", samples],
      [0x00280004, "CS", samples === 1 ? "MONOCHROME2" : "RGB"],
      [0x00280010, "US", side],
      [0x00280011, "US", side],
      [0x00280100, "US", bits === 12 ? 16 : 8],
      [0x00280101, "US", bits],
      [0x00280103, "US", 0],
      [0x00281052, "DS", "-1024"],
      [0x00281053, "DS", "1"],
    ] as const;
  const colour = Uint8Array.from({ length: 3 * side * side }, (_, at) => (at * 7) % 256);
  return [
    dicom([...header("1.2.840.10008.1.2.1", 1, 12), [0x7fe00010, "OW", new Uint8Array(grey.buffer)]]),
    dicom([...header("1.2.840.10008.1.2.1", 3, 8), [0x7fe00010, "OB", colour]]),
  ];
};

const soundFolder = new URL("../../test/fixtures/sound/", import.meta.url);

/** The tones that tests read, in the files of one format. */
export const sounds = (extension: string) => async (): Promise<Buffer[]> => {
  const names = (await readdir(soundFolder)).filter((name) => name.endsWith(extension)).sort();
  return Promise.all(names.map((name) => readFile(new URL(name, soundFolder))));
};

export const soundZips = async (): Promise<Buffer[]> => {
  const [wav, opus] = [await sounds(".wav")(), await sounds(".opus")()];
  return [Buffer.from(zipSync({ "a/0.wav": wav[0]!, "b/1.opus": opus[0]!, "b/2.wav": wav[1]! }))];
};

/** MNIST's format: grey and colour. */
export const idxs = async (): Promise<Buffer[]> =>
  ([1, 3] as const).map((channels) => {
    const extents = [6, 12, 10, ...(channels === 3 ? [3] : [])];
    const head = Buffer.alloc(4 + 4 * extents.length);
    head[2] = 8;
    head[3] = extents.length;
    for (const [axis, extent] of extents.entries()) head.writeUInt32BE(extent, 4 + 4 * axis);
    const rng = new Rng(channels);
    const size = extents.reduce((product, extent) => product * extent, 1);
    return Buffer.concat([head, Uint8Array.from({ length: size }, () => rng.integer(0, 255))]);
  });

/** CIFAR-10's and CIFAR-100's rows. */
export const cifars = async (): Promise<Buffer[]> =>
  [1, 2].map((labels) => Buffer.from(Uint8Array.from({ length: 5 * (labels + 3072) }, (_, at) => (at * 7) % 256)));

export const packed = (seeds: () => Promise<readonly Buffer[]>) => async (): Promise<Buffer[]> =>
  (await seeds()).map((bytes) => gzipSync(bytes));

/** Archives of images in two classes, deflated and stored. */
/** Images with labels as WebDataset has them, with a name that takes a header of its own. */
export const tars = async (): Promise<Buffer[]> => {
  const [png] = await pngs();
  const [jpeg] = await jpegs();
  return [
    await tarOf({ "1.png": png!, "1.cls": "3", "2.jpg": jpeg!, "2.json": '{"label":"x"}' }),
    await tarOf({ [`${"long/".repeat(30)}a.png`]: png!, "b/c.jpg": jpeg! }),
  ];
};

export const zips = async (): Promise<Buffer[]> => {
  const files = Object.fromEntries(
    await Promise.all(
      ["cats/1.png", "cats/2.png", "dogs/1.jpg", "dogs/2.jpg"].map(async (name, seed) => {
        const image = drawn(3, seed);
        return [name, await (name.endsWith("png") ? image.png() : image.jpeg()).toBuffer()] as const;
      }),
    ),
  );
  return ([6, 0] as const).map((level) => Buffer.from(zipSync(files, { level, mtime: "2020-01-01" })));
};

const words =
  "the old sea river mountain ship captain island winter harbour city garden walked saw found unbelievable small bright northern crossed followed painted carried remembered lobster larvae letter song summer window painter".split(
    " ",
  );

/** Sentences of a small language with a few names that are not ASCII. */
export function sentences(count: number, seed = 0): string[] {
  const rng = new Rng(seed);
  const word = () =>
    rng.chance(0.05) ? "Zürich" : rng.chance(0.03) ? "東京" : words[rng.integer(0, words.length - 1)]!;
  return Array.from({ length: count }, () => `${Array.from({ length: rng.integer(4, 14) }, word).join(" ")}.`);
}

const rows = sentences(30).map((text, at) => ({
  text: at % 5 ? text : `${text.slice(0, -1)}, "and", so`,
  label: at % 2 ? "sea" : "land",
}));
const quoted = (text: string) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const ofText =
  (...texts: readonly string[]) =>
  async (): Promise<Buffer[]> =>
    texts.map((text) => Buffer.from(text));

const csv = `text,label\n${rows.map(({ text, label }) => `${quoted(text)},${label}\n`).join("")}`;
export const csvs = ofText(csv, csv.replaceAll("\n", "\r\n"), `\ufeff${csv}`);
export const tsvs = ofText(`text\tlabel\n${rows.map(({ text, label }) => `${text}\t${label}\n`).join("")}`);
export const jsonls = ofText(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
export const jsons = ofText(JSON.stringify(rows));
export const plainTexts = ofText(`${sentences(30).join("\n")}\n`, `${sentences(30, 1).join("\r\n")}\r\n`);

/** Ours is uncompressed with pages of version 2, as in what `embed` writes. */
/** Images as the Hub has them, and their bytes by themselves. */
export const imageParquets = async (): Promise<Buffer[]> => {
  const images = [...(await pngs()).slice(0, 3), ...(await jpegs()).slice(0, 3)];
  const files = images.map((bytes, at) => ({ bytes: new Uint8Array(bytes), label: at % 2 }));
  return [
    shardOf([...files.slice(1), { bytes: files[0]?.bytes ?? null, label: -1 }], { names: ["a", "b"], rowGroupSize: 2 }),
    shardOf(files, { isPlain: true, codec: "UNCOMPRESSED" }),
  ];
};

export const textParquets = async (lab: Lab): Promise<Buffer[]> => {
  const file = join(lab.root, "texts.parquet");
  await writeTable(file, [
    { name: "text", values: rows.map(({ text }) => text) },
    { name: "label", values: rows.map(({ label }) => label) },
  ]);
  return [await readFile(file)];
};

export const labelNames = Array.from({ length: 12 }, (_, at) => `class${at % 2}/${at}.png`);
export const labelTables = ofText(
  `path,label\n${labelNames.map((name, at) => `${name},${at % 3 ? "cat" : "dog|wet"}\n`).join("")}`,
);

export const requests = ofText(JSON.stringify({ inputs: sentences(5) }), JSON.stringify({ input: sentences(1)[0] }));

const BOUNDARY = "----autodidact";

/** Two images as a browser's form sends them. */
export const forms = async (): Promise<Buffer[]> => {
  const parts = await Promise.all([drawn(3, 1).png().toBuffer(), drawn(3, 2).jpeg().toBuffer()]);
  return [
    Buffer.concat([
      ...parts.flatMap((bytes, at) => [
        Buffer.from(
          `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file${at}"; filename="${at}.img"\r\nContent-Type: image/png\r\n\r\n`,
        ),
        bytes,
        Buffer.from("\r\n"),
      ]),
      Buffer.from(`--${BOUNDARY}--\r\n`),
    ]),
  ];
};

export const formType = `multipart/form-data; boundary=${BOUNDARY}`;

/** What takes training to make: runs, exports, vectors; each is made once, when it is first asked for. */
export class Lab {
  readonly root: string;
  readonly #made = new Map<string, Promise<string>>();

  constructor(root: string) {
    this.root = root;
  }

  /** A folder that `make` fills when it is first asked for. */
  make(name: string, make: (folder: string) => Promise<unknown>): Promise<string> {
    const folder = join(this.root, name);
    const made =
      this.#made.get(name) ??
      mkdir(folder, { recursive: true })
        .then(() => make(folder))
        .then(() => folder);
    this.#made.set(name, made);
    return made;
  }

  /** A folder with `run/`, its images in `data/`, their vectors in `vectors.parquet` and the exported model in `model/`. */
  images(): Promise<string> {
    return this.make("images", async (folder) => {
      for (let at = 0; at < 12; at++) {
        const file = join(folder, "data", `class${at % 2}`, `${at}.png`);
        await mkdir(join(file, ".."), { recursive: true });
        await writeFile(file, await drawn(3, at).png().toBuffer());
      }
      const out = join(folder, "run");
      await pretrain({
        ...{ data: join(folder, "data"), out, method: "simclr", encoder: "resnet" },
        encoderOptions: { layers: "8", width: 4, stem: "stride2" },
        modalityOptions: { imageSize: 16 },
        training: { epochs: 2, batchSize: 4, workers: 0, logEvery: 1 },
      });
      await rooted(folder);
      const run = await openRun(out);
      await embed({ run, data: join(folder, "data"), out: join(folder, "vectors.parquet") });
      await exportRun({ run, out: join(folder, "model") });
    });
  }

  /** The same for texts, of BERT's size mini divided by four. */
  texts(): Promise<string> {
    return this.make("texts", async (folder) => {
      const data = join(folder, "corpus.txt");
      await writeFile(data, `${sentences(120).join("\n")}\n`);
      const out = join(folder, "run");
      await pretrain({
        ...{ data, out, method: "bert", encoder: "transformer" },
        encoderOptions: { width: 16, depth: 1, heads: 2 },
        modalityOptions: { maxLength: 16 },
        training: { epochs: 1, batchSize: 16, workers: 0 },
      });
      await rooted(folder);
      await exportRun({ run: await openRun(out), out: join(folder, "model") });
    });
  }
}

/** A run whose config.json does not name the temporary folder, so that its bytes are the same each time. */
async function rooted(folder: string): Promise<void> {
  const file = join(folder, "run", "config.json");
  await writeFile(file, (await readFile(file, "utf8")).replaceAll(folder, "/work"));
}

/** A file of what the lab makes. */
export const fileOf =
  (make: (lab: Lab) => Promise<string>, name: string) =>
  async (lab: Lab): Promise<Buffer[]> => [await readFile(join(await make(lab), name))];

/** Copies with times, which are part of what a run knows of its data. */
export const copied = (from: string, to: string): Promise<void> =>
  cp(from, to, { recursive: true, preserveTimestamps: true });
