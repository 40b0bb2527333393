import { spawn } from "node:child_process";
import { once } from "node:events";
import { BrokenSample, UserError } from "../../../foundation/errors.ts";
import { memoryBudget } from "../../../foundation/memory.ts";
import type { ClipHeader, Encoded, Wish } from "./encoded.ts";
import { UNLOADABLE } from "./node-av/names.ts";
import { type Probed, probe, saidBy, unloadable } from "./probe.ts";
import { programs } from "./programs.ts";
import { framesIn } from "./timing.ts";

/** Milliseconds without a frame after which the child is ended. */
const DEADLINE = 60_000;
/** Bytes of messages that are kept. */
const MOST_SAID = 1 << 16;
/** Seconds, and share of the length, by which a header may promise more than there is: edit lists, rounding, sound that ends later. */
const SLACK = { seconds: 0.15, share: 0.01 };

/** Places, not bytes: children at a time in a thread. */
const children = memoryBudget(2);

/**
 * A clip in a container, decoded by ffmpeg, or by node-av, in a child process, so that a crash is the child's: rotated as the file says,
 * at a constant rate by its time stamps, sound left out.
 * @param path of a file, which may be there only from `open` to `close`
 */
export function film(open: () => Promise<{ path: string; close(): void }>, demuxer: string): Encoded {
  let probed: Promise<Probed> | undefined;
  const withFile = async <Result>(work: (path: string) => Promise<Result>): Promise<Result> => {
    const { path, close } = await open();
    try {
      return await work(path);
    } finally {
      close();
    }
  };
  const header = () => {
    probed ??= withFile((path) => probe(path, demuxer));
    return probed;
  };
  return {
    header,
    async *decode(given, wish) {
      const { stream = (await header()).stream } = given;
      const giveBack = await children.take(1);
      try {
        const { path, close } = await open();
        try {
          yield* decoded(path, demuxer, stream, given, wish);
        } finally {
          close();
        }
      } finally {
        giveBack();
      }
    },
  };
}

async function* decoded(
  path: string,
  demuxer: string,
  stream: number,
  { seconds: promised }: ClipHeader,
  wish: Wish,
): AsyncGenerator<Uint8Array> {
  const { rate, width, height, part } = wish;
  const { name, file, options } = programs().frames(path, demuxer, stream, wish);
  const child = spawn(file, options, { stdio: ["ignore", "pipe", "pipe"], windowsHide: true });
  const ended = once(child, "close").then(
    ([code, signal]: unknown[]) => ({ code, signal }),
    (error: unknown) => ({ code: error, signal: undefined }),
  );
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (more: string) => {
    if (said.length < MOST_SAID) said += more;
  });
  let isLate = false;
  const end = () => child.kill("SIGKILL");
  const arm = () =>
    setTimeout(() => {
      isLate = true;
      end();
    }, DEADLINE);
  let timer = arm();
  const bytesOfFrame = 3 * width * height;
  const seconds = part?.seconds ?? promised;
  // Time stamps of a damaged file may ask for years of repeated frames.
  const most = seconds === undefined ? Number.POSITIVE_INFINITY : bytesOfFrame * (2 * framesIn(seconds, rate) + 100);
  let bytes = 0;
  try {
    for await (const chunk of child.stdout) {
      clearTimeout(timer);
      bytes += chunk.length;
      if (bytes > most) throw new BrokenSample("damaged: longer than its header says");
      yield chunk;
      timer = arm();
    }
    const { code, signal } = await ended;
    if (isLate) throw new BrokenSample(`${name} gave no frame within ${DEADLINE / 1000} s`);
    if (code instanceof Error) throw new UserError(`${name} could not be started (${code.message})`);
    if (signal) throw new BrokenSample(`${name} crashed on it (${signal})`);
    if (code === UNLOADABLE) throw unloadable(said);
    const complaint = saidBy(said);
    if (code !== 0 || complaint) throw new BrokenSample(`damaged: ${complaint || `${name} ended with code ${code}`}`);
    const frames = Math.floor(bytes / bytesOfFrame);
    if (frames === 0) throw new BrokenSample("damaged: none of its frames can be decoded");
    if (seconds !== undefined) {
      const least = Math.floor((seconds - SLACK.seconds - SLACK.share * seconds) * rate);
      if (frames < least)
        throw new BrokenSample(
          `cut off: ${(frames / rate).toFixed(1)} s of video, and its header says ${seconds.toFixed(1)} s`,
        );
    }
  } finally {
    clearTimeout(timer);
    if (child.exitCode === null) end();
  }
}
