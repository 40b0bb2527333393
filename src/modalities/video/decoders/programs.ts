import { fileURLToPath } from "node:url";
import { UserError } from "../../../foundation/errors.ts";
import { ffmpeg, INSTALL, nodeAv } from "../formats.ts";
import type { Wish } from "./encoded.ts";

/** A child process that answers on standard output, and says on standard error what is wrong. */
export interface Command {
  /** Its name in messages. */
  readonly name: string;
  readonly file: string;
  readonly options: readonly string[];
}

/** What decodes films. */
export interface Programs {
  /** ffprobe's JSON of the streams of a file. */
  header(path: string, demuxer: string): Command;
  /** The bytes of the frames, red, green, blue. */
  frames(path: string, demuxer: string, stream: number, wish: Wish): Command;
}

/** What ffmpeg and ffprobe are told before the input: no playlists, no network, the container that its bytes say. */
const inputOf = (path: string, demuxer: string): string[] => [
  ...["-protocol_whitelist", "file", "-f", demuxer, "-i", `file:${path}`],
];

/**
 * ffmpeg and ffprobe on the PATH, or else node-av.
 * @throws UserError that says what to install
 */
export function programs(): Programs {
  const found = ffmpeg();
  if (found)
    return {
      header: (path, demuxer) => ({
        ...{ name: "ffprobe", file: found.ffprobe },
        options: ["-v", "error", "-print_format", "json", "-show_streams", "-show_format", ...inputOf(path, demuxer)],
      }),
      frames: (path, demuxer, stream, { rate, width, height, part }) => ({
        ...{ name: "ffmpeg", file: found.ffmpeg },
        options: [
          ...["-nostdin", "-v", "error", "-threads", "1"],
          ...(part ? ["-ss", `${part.start}`, "-t", `${part.seconds}`] : []),
          ...inputOf(path, demuxer),
          ...["-map", `0:${stream}`, "-an", "-sn", "-dn"],
          ...["-vf", `fps=${rate},scale=${width}:${height}:flags=area,setsar=1`],
          ...["-pix_fmt", "rgb24", "-f", "rawvideo", "pipe:1"],
        ],
      }),
    };
  if (!nodeAv()) throw new UserError(`MP4, WebM, AVI and MKV: ${INSTALL}`);
  const child = (...options: (string | number)[]): Command => ({
    ...{ name: "node-av", file: process.execPath },
    options: [CHILD, ...options.map(String)],
  });
  return {
    header: (path, demuxer) => child("probe", path, demuxer),
    frames: (path, demuxer, stream, { rate, width, height, part }) =>
      child("decode", path, demuxer, stream, rate, width, height, ...(part ? [part.start, part.seconds] : [])),
  };
}

/** TypeScript here, JavaScript in the package. */
const CHILD = fileURLToPath(
  new URL(`./node-av/child${import.meta.url.slice(import.meta.url.lastIndexOf("."))}`, import.meta.url),
);
