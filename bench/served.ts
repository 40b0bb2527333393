import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { Rng } from "../src/array/index.ts";
import { pretrain } from "../src/training/pretrain.ts";

const PICTURES = 64;
const SIDE = 64;
export const ENCODER = { width: 192, depth: 4, heads: 3, patchSize: 8 };
export const root = fileURLToPath(new URL("..", import.meta.url));

/** A run on small pictures in a folder, and the pictures: JPEGs of some kilobytes. */
export async function servedRun(folder: string): Promise<{ run: string; bodies: Buffer[]; side: number }> {
  const rng = new Rng(1);
  const images = join(folder, "images");
  await mkdir(images);
  const bodies: Buffer[] = [];
  for (let index = 0; index < PICTURES; index++) {
    // Smooth noise: a JPEG of some kilobytes, as photographs are.
    const raw = Uint8Array.from({ length: 8 * 8 * 3 }, () => rng.integer(0, 256));
    const jpeg = await sharp(raw, { raw: { width: 8, height: 8, channels: 3 } })
      .resize(SIDE, SIDE, { kernel: "cubic" })
      .jpeg({ quality: 90 })
      .toBuffer();
    await writeFile(join(images, `${index}.jpg`), jpeg);
    bodies.push(jpeg);
  }
  const run = join(folder, "run");
  await pretrain({
    data: images,
    out: run,
    method: "simclr",
    encoder: "vit",
    encoderOptions: ENCODER,
    modalityOptions: { imageSize: SIDE },
    training: { epochs: 1, batchSize: 32, workers: 0 },
  });
  return { run, bodies, side: SIDE };
}

/** `autodidact serve` in a process of its own, once it listens. */
export async function startServer(run: string, ...args: string[]) {
  const main = join(root, "src", "cli", "main.ts");
  const command = ["--conditions=autodidact-source", main, "serve", run, "--port", "0", ...args];
  const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const exited = once(child, "exit");
  const [line] = await Promise.race([
    once(createInterface(child.stdout), "line"),
    exited.then(([code]) => {
      throw new Error(`serve ended with ${code}: ${said}`);
    }),
  ]);
  return {
    url: String(line).split(": ")[0]!,
    /** Its process. */
    pid: child.pid!,
    stop: () => child.kill("SIGTERM"),
    /** Its exit code. */
    exited: exited.then(([code]) => code as number | null),
    /** What it has written to standard error. */
    said: () => said,
  };
}
