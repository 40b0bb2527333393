import type { FormatName } from "./formats.ts";

/**
 * What libjpeg says of damaged data. Bytes that lie before a marker are padding when the marker belongs to the header, as
 * some cameras write it, and damage when data should have ended there.
 */
const jpeg = /Corrupt JPEG data: (?!bad ICC)/;
const padding = /Corrupt JPEG data: \d+ extraneous bytes before marker 0x(\w\w)/;
const HEADER_MARKERS = /^(c0|c1|c2|db|e.|fe)$/;
/** They begin a later part of an image of several scans, and are the header's in one of a single scan. */
const SCAN_MARKERS = /^(c4|da|dd)$/;

/**
 * Whether a decoder that stops at every warning stopped at a harmless one: an odd header, a field that it does not know.
 * Other formats' warnings are about pixels, or do not stop it.
 * @param message of the error, with the warnings as lines
 */
export function isHarmless(message: string, format: FormatName, isProgressive: boolean): boolean {
  const lines = message.split("\n");
  if (format === "TIFF")
    return /^Warning treated as error/.test(message) && !lines.some((line) => /^Corrupt JPEG|^Discarding/.test(line));
  if (format !== "JPEG") return false;
  return lines.every((line) => {
    if (/premature end/i.test(line)) return false;
    const marker = padding.exec(line)?.[1];
    if (marker) return HEADER_MARKERS.test(marker) || (SCAN_MARKERS.test(marker) && !isProgressive);
    return !jpeg.test(line) && /^VipsJpeg: |^read gave|^error in tile|^Warning treated as error|^\s*$/.test(line);
  });
}

/** What an image library's error says, in plain words and one line. */
export function inWords(message: string, format: FormatName, bytes: Uint8Array): string {
  const lines = message
    .split("\n")
    .map((line) => line.replace(/^(VipsJpeg|vipspng|tiff2vips|webp2vips|webp|heif|gifload_buffer|source): /, "").trim())
    .filter((line) => line !== "" && !/^(Warning treated as error|read error$|error in tile|bad seek)/.test(line));
  const said = lines.find((line) => !/^Input (buffer|file)/.test(line)) ?? lines[0] ?? "";
  const isCut =
    /premature end of JPEG image|not enough data|truncat|end of (GIF|file)|unable to parse|no image|Read error at|contains unsupported/i;
  if (isCut.test(message) || (format === "PNG" && !hasEnd(bytes))) return `truncated ${format}`;
  const detail = said
    .replace(/^Input (buffer|file) has corrupt header:?\s*/, "")
    .replace(/^(gifload_buffer|vipspng|tiff2vips|webp|heif): /, "")
    .replace(/^Corrupt JPEG data: /, "")
    .replace(/^(libpng read error|unable to read pixels|Unknown error)$/, "");
  return detail ? `damaged ${format}: ${detail}` : `damaged ${format}`;
}

/** Whether the last chunk of a PNG file is there; the decoder says of a file without it no more than "read error". */
const hasEnd = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes("IEND");
