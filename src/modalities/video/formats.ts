import { accessSync, constants, existsSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Wanted } from "../../data/files/collection.ts";
import type { Takes } from "../../data/files/listing.ts";
import { LIBRARY } from "./decoders/node-av/names.ts";

/** Containers by the endings of their files, for people; contents decide which demuxer reads them. */
const films: Readonly<Record<string, string>> = {
  ...{ mp4: "MP4", m4v: "MP4", mov: "MOV", webm: "WebM", mkv: "MKV", avi: "AVI", mpg: "MPEG", mpeg: "MPEG" },
  ...{ mts: "MPEG-TS", m2ts: "MPEG-TS", ogv: "Ogg video", flv: "FLV", wmv: "WMV", "3gp": "3GP" },
};

/** What to do where neither decoder is there. */
export const INSTALL =
  "needs ffmpeg and ffprobe on the PATH: apt install ffmpeg, brew install ffmpeg or winget install ffmpeg; or the package node-av: npm install node-av";

const endingOf = (name: string): string => name.slice(name.lastIndexOf(".") + 1).toLowerCase();
// TypeScript's files end as MPEG's transport streams do (.ts), and are the more frequent.
const filmOf = (name: string): string | undefined => films[endingOf(name)];
const MOVING = /\.(gif|webp)$/i;
const STILL = /\.(jpe?g|png|webp|tiff?|avif)$/i;

export const isFilmName = (name: string): boolean => filmOf(name) !== undefined;

const takesFilm: Takes = (name) => {
  const what = filmOf(name);
  if (what === undefined) return false;
  return ffmpeg() || nodeAv() ? true : { what, advice: INSTALL };
};

/** Files that only ffmpeg or node-av decodes. */
export const wantedFilms: Wanted = { takes: takesFilm, what: "clips", formats: "MP4, WebM, AVI, MKV, MOV" };

/** Files that are a clip each. */
export const wantedClips: Wanted = {
  takes: (name) => MOVING.test(name) || takesFilm(name),
  what: "clips",
  formats: "GIF, WebP, folders of frames; MP4, WebM, AVI, MKV, MOV with ffmpeg or node-av",
};

/** Files that may be the frames of clips. */
export const wantedFrames: Wanted = { ...wantedClips, takes: (name) => STILL.test(name) };

/** What ffmpeg calls the container that begins with these bytes; undefined for others, which are not given to it. */
export function demuxerOf(start: Uint8Array): string | undefined {
  const text = Buffer.from(start.subarray(0, 400)).toString("latin1");
  if (/^.{4}(ftyp|moov|mdat|wide|free|skip|pnot)/s.test(text)) return "mov";
  if (text.startsWith("\x1a\x45\xdf\xa3")) return "matroska";
  if (/^RIFF.{4}AVI /s.test(text)) return "avi";
  if (isTransportStream(text, 0) || isTransportStream(text, 4)) return "mpegts";
  if (text.startsWith("\0\0\x01\xba")) return "mpeg";
  if (text.startsWith("OggS")) return "ogg";
  if (text.startsWith("FLV\x01")) return "flv";
  if (text.startsWith("\x30\x26\xb2\x75\x8e\x66\xcf\x11")) return "asf";
  return undefined;
}

/** Packets of 188 bytes, or of 192 with a time before each, that begin with a G, as a GIF does once. */
const isTransportStream = (text: string, first: number): boolean =>
  [0, 1, 2].every((packet) => text[first + packet * (188 + first)] === "G") && !text.startsWith("GIF8");

/** The two programs, if both are on the PATH. */
export interface Ffmpeg {
  readonly ffmpeg: string;
  readonly ffprobe: string;
}

let found: { readonly path: string; readonly programs: Ffmpeg | undefined } | undefined;

/** ffmpeg and ffprobe on the PATH, where a user installs them. */
export function ffmpeg(): Ffmpeg | undefined {
  const path = process.env.PATH ?? process.env.Path ?? "";
  if (found?.path !== path) {
    const [one, other] = [onPath(path, "ffmpeg"), onPath(path, "ffprobe")];
    found = { path, programs: one && other ? { ffmpeg: one, ffprobe: other } : undefined };
  }
  return found.programs;
}

function onPath(path: string, name: string): string | undefined {
  const file = process.platform === "win32" ? `${name}.exe` : name;
  return path
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, file))
    .find((candidate) => {
      try {
        accessSync(candidate, constants.X_OK);
        return statSync(candidate).isFile();
      } catch {
        return false;
      }
    });
}

let isThere: boolean | undefined;

/** Whether the package node-av is installed beside this one; its files are looked for, once, and nothing is loaded. */
export function nodeAv(): boolean {
  isThere ??= hasNodeAv();
  return isThere;
}

function hasNodeAv(): boolean {
  try {
    return existsSync(fileURLToPath(import.meta.resolve(`${LIBRARY}/api`)));
  } catch {
    return false;
  }
}
