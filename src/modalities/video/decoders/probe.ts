import { execFile } from "node:child_process";
import * as z from "zod";
import { BrokenSample, messageOf, UserError } from "../../../foundation/errors.ts";
import { INSTALL } from "../formats.ts";
import { type ClipHeader, LONGEST_SIDE } from "./encoded.ts";
import { UNLOADABLE } from "./node-av/names.ts";
import { type Command, programs } from "./programs.ts";

/** Milliseconds that reading a header may take. */
const DEADLINE = 60_000;
/** Most frames a second that a header is believed: some say 90,000 where the rate is not known. */
const MOST_RATE = 1000;
const MOST_SECONDS = 24 * 3600;

const text = z.string().optional().catch(undefined);
const number = z.number().optional().catch(undefined);
const Stream = z.object({
  index: z.int().min(0),
  codec_type: text,
  codec_name: text,
  width: number,
  height: number,
  sample_aspect_ratio: text,
  avg_frame_rate: text,
  r_frame_rate: text,
  duration: text,
  tags: z.record(z.string(), z.string()).optional().catch(undefined),
  disposition: z.record(z.string(), z.number()).optional().catch(undefined),
  side_data_list: z
    .array(z.object({ rotation: number }))
    .optional()
    .catch(undefined),
});
const Answer = z.object({ streams: z.array(Stream).default([]), format: z.object({ duration: text }).optional() });
type Stream = z.infer<typeof Stream>;

/** A header, and the number of the stream that it is of. */
export interface Probed extends ClipHeader {
  readonly stream: number;
}

/**
 * The header of the video in a file: of several, the one that players show first.
 * @throws BrokenSample when there is none; UserError without a decoder
 */
export async function probe(path: string, demuxer: string): Promise<Probed> {
  const answer = await ask(programs().header(path, demuxer));
  const { streams, format } = Answer.parse(answer);
  const videos = streams.filter(
    ({ codec_type: type, disposition = {} }) => type === "video" && !disposition.attached_pic,
  );
  const stream = videos.find(({ disposition = {} }) => disposition.default) ?? videos[0];
  if (!stream) {
    const hasSound = streams.some(({ codec_type: type }) => type === "audio");
    throw new BrokenSample(hasSound ? "no video track (only sound)" : "damaged: no video track can be read");
  }
  const { width = 0, height = 0 } = stream;
  if (!(width > 0 && height > 0)) throw new BrokenSample("damaged: its video has no size");
  if (Math.max(width, height) > LONGEST_SIDE)
    throw new BrokenSample(`frames of ${width} × ${height} pixels; at most ${LONGEST_SIDE} a side are decoded`);
  const rates = [stream.avg_frame_rate, stream.r_frame_rate].map(quotient);
  const rate = rates.find((one) => one > 0 && one <= MOST_RATE) ?? 25;
  const isAlone = streams.length === 1;
  const seconds = [stream.duration, stream.tags?.DURATION, isAlone ? format?.duration : undefined]
    .map(secondsOf)
    .find((one) => one !== undefined && one > 0);
  if (seconds !== undefined && seconds > MOST_SECONDS)
    throw new BrokenSample(
      `its header says ${Math.round(seconds / 3600).toLocaleString("en")} hours; cut it into parts`,
    );
  return { ...shownSize(stream, width, height), rate, seconds, stream: stream.index };
}

/** Stretched and turned as players do. */
function shownSize(
  { sample_aspect_ratio: ratio, side_data_list: data = [], tags = {} }: Stream,
  width: number,
  height: number,
) {
  const stretch = quotient(ratio?.replace(":", "/"));
  const wide = stretch > 0.1 && stretch < 10 ? Math.max(1, Math.round(width * stretch)) : width;
  const degrees = data.find(({ rotation }) => rotation !== undefined)?.rotation ?? Number(tags.rotate ?? 0);
  const isTurned = Math.abs(Math.round(degrees / 90)) % 2 === 1;
  return isTurned ? { width: height, height: wide } : { width: wide, height };
}

/** `30000/1001`; 0 if it is none. */
function quotient(text: string | undefined): number {
  const [above = Number.NaN, below = 1] = (text ?? "").split("/").map(Number);
  const value = above / below;
  return Number.isFinite(value) ? value : 0;
}

/** `12.5` or `00:00:12.500000000`. */
function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = text.split(":").reduce((sum, part) => 60 * sum + Number(part), 0);
  return Number.isFinite(value) ? value : undefined;
}

function ask({ name, file, options }: Command): Promise<unknown> {
  return new Promise((resolve, reject) => {
    execFile(
      file,
      options,
      { timeout: DEADLINE, maxBuffer: 2 ** 24, windowsHide: true, encoding: "utf8" },
      (error, stdout, stderr) => {
        if (error?.code !== undefined && typeof error.code === "string" && error.code.startsWith("E"))
          return reject(new UserError(`${name} could not be started (${error.code})`));
        if (error?.code === UNLOADABLE) return reject(unloadable(stderr));
        if (error?.killed) return reject(new BrokenSample(`its header could not be read within ${DEADLINE / 1000} s`));
        if (error?.signal) return reject(new BrokenSample(`${name} crashed on it (${error.signal})`));
        if (error) return reject(new BrokenSample(`damaged: ${saidBy(stderr) || messageOf(error)}`));
        try {
          resolve(JSON.parse(stdout));
        } catch {
          reject(new BrokenSample("damaged: its header cannot be read"));
        }
      },
    );
  });
}

/** node-av is there, and cannot be loaded. */
export const unloadable = (stderr: string): UserError =>
  new UserError(`node-av could not be loaded (${saidBy(stderr)}); ${INSTALL}`);

/** What streams are full of although they play: references across the start of a cut, as broadcasts and cameras begin. */
const HARMLESS =
  /mmco: unref short failure|co located POCs unavailable|illegal short term buffer|[Mm]issing reference picture|non[- ]existing|non[- ]monoton|reference picture missing|Could not find ref with POC|number of reference frames .* exceeds max|timescale not set|multiple fourcc|Invalid SEI|SEI type|Packet is missing PTS|^\s*Last message repeated/;

/** The first thing that ffmpeg says is wrong, in one line; empty if it says nothing that matters. */
export function saidBy(stderr: string): string {
  const line = stderr
    .split(/[\r\n]+/)
    .map((one) => one.replace(/^(\[[^\]]*\]\s*)+/, "").trim())
    .find((one) => one !== "" && !HARMLESS.test(one));
  // ffmpeg's own names of files say nothing that the name of the clip does not.
  return (line ?? "").replace(/^file:.*?: /, "").slice(0, 160);
}
