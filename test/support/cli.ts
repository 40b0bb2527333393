import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { Rng } from "../../src/array/index.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real command line. */
export function autodidact(...args: string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: "utf8",
    timeout: 120_000,
  });
  return { code: status, stdout, stderr };
}

/** Options of a model so small that a run takes a second. */
export const TINY =
  "--method simclr --encoder resnet --layers 8 --width 4 --stem stride2 --image-size 16 --epochs 1 --batch-size 8 --workers 1".split(
    " ",
  );

/** A folder that goes away when `use` is done. */
export async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "autodidact-test-"));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes small PNGs, `classes` folders of `count`, each class with a colour of its own. */
export async function writeImages(folder: string, count: number, classes = 2, size = 16): Promise<string[]> {
  const rng = new Rng(3);
  const paths: string[] = [];
  for (let label = 0; label < classes; label++)
    for (let index = 0; index < count; index++) {
      const data = Uint8Array.from({ length: size * size * 3 }, (_, at) =>
        Math.min(255, rng.integer(0, 120) + (at % 3 === label % 3 ? 120 : 0)),
      );
      const path = join(folder, `class${label}`, `${index}.png`);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(
        path,
        await sharp(data, { raw: { width: size, height: size, channels: 3 } })
          .png()
          .toBuffer(),
      );
      paths.push(path);
    }
  return paths;
}
