import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { image } from "../../src/modalities/image/index.ts";
import { root, testData, trainData } from "../methods/shared.ts";

/** Training images of a class; the test images are all there are, 500 of a class. */
const OF_A_CLASS = 1000;
const [SIDE, CLASSES] = [32, 10];
const folder = `${root}/bench/work/twin`;

/** 10,000 training and 5,000 test images of CIFAR-10, in CIFAR's binary format: decoding JPEGs took more than the steps. */
export async function twinData(): Promise<{ readonly train: string; readonly test: string }> {
  const paths = { train: `${folder}/train-10k.bin`, test: `${folder}/test-5k.bin` };
  await mkdir(folder, { recursive: true });
  if (!existsSync(paths.train)) await convert(trainData, paths.train, OF_A_CLASS);
  if (!existsSync(paths.test)) await convert(testData, paths.test, Number.POSITIVE_INFINITY);
  return paths;
}

async function convert(from: string, to: string, most: number): Promise<void> {
  const source = await image.open(from);
  const { labels } = source;
  if (!labels) throw new Error(`${from}: no labels`);
  const taken = new Array<number>(CLASSES).fill(0);
  const rows: Uint8Array[] = [];
  for (const [index, label] of labels.entries()) {
    if (taken[label]! >= most) continue;
    taken[label]!++;
    const { data, width, height, channels } = await source.read(index);
    if (width !== SIDE || height !== SIDE || channels !== 3)
      throw new Error(`${source.name(index)}: not ${SIDE} × ${SIDE} in colour`);
    const planes = new Uint8Array(1 + data.length);
    planes[0] = label;
    for (let at = 0; at < data.length; at++) planes[1 + (at % 3) * SIDE * SIDE + Math.floor(at / 3)] = data[at]!;
    rows.push(planes);
  }
  await source.close();
  await writeFile(`${to}.tmp`, Buffer.concat(rows));
  await rename(`${to}.tmp`, to);
}
