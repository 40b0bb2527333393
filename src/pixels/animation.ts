import { BrokenSample } from "../foundation/errors.ts";

/** What the headers of a GIF or WebP file say of its frames, before any is decoded. */
export interface Animation {
  readonly format: "GIF" | "WebP";
  /** How long each frame is shown, in milliseconds; one value for a still picture. */
  readonly delays: readonly number[];
}

/** Shorter delays, in milliseconds, are shown as browsers do. */
const SHORTEST = 20;
const USUAL = 100;
const shown = (delay: number): number => (delay < SHORTEST ? USUAL : delay);

/**
 * The frames of a GIF or WebP file, whose parts must all be there.
 * @returns undefined for other files
 * @throws BrokenSample when the file ends early or is damaged between its frames
 */
export function animationOf(given: Uint8Array): Animation | undefined {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  const start = bytes.toString("latin1", 0, 12);
  const isGif = /^GIF8[79]a/.test(start);
  const isWebp = start.startsWith("RIFF") && start.endsWith("WEBP");
  if (!isGif && !isWebp) return undefined;
  try {
    const delays = isGif ? gifDelays(bytes) : webpDelays(bytes);
    return { format: isGif ? "GIF" : "WebP", delays };
  } catch (error) {
    // Reading behind the end.
    if (error instanceof RangeError) throw new BrokenSample(`truncated ${isGif ? "GIF" : "WebP"}`);
    throw error;
  }
}

const EXTENSION = 0x21;
const GRAPHIC_CONTROL = 0xf9;
const IMAGE = 0x2c;
const TRAILER = 0x3b;

/** Bytes of a colour table, by the flags that announce it. */
const tableBytes = (flags: number): number => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);

/** @throws RangeError at the end of the file; BrokenSample where no block begins */
function gifDelays(bytes: Buffer): number[] {
  const delays: number[] = [];
  let delay = 0;
  let at = 13 + tableBytes(bytes.readUInt8(10));
  const skipBlocks = () => {
    for (let length = bytes.readUInt8(at++); length > 0; length = bytes.readUInt8(at++)) at += length;
  };
  for (;;) {
    const kind = bytes.readUInt8(at++);
    if (kind === TRAILER) return delays;
    if (kind === EXTENSION) {
      if (bytes.readUInt8(at++) === GRAPHIC_CONTROL) delay = 10 * bytes.readUInt16LE(at + 2);
      skipBlocks();
    } else if (kind === IMAGE) {
      at += 9 + tableBytes(bytes.readUInt8(at + 8)) + 1;
      skipBlocks();
      delays.push(shown(delay));
      delay = 0;
    } else throw new BrokenSample(`damaged GIF: nothing known at byte ${at - 1}`);
  }
}

/** @throws RangeError at the end of the file */
function webpDelays(bytes: Buffer): number[] {
  const end = bytes.readUInt32LE(4) + 8;
  if (end > bytes.length) throw new RangeError("behind the end");
  const delays: number[] = [];
  for (let at = 12; at + 8 <= end; ) {
    const [name, length] = [bytes.toString("latin1", at, at + 4), bytes.readUInt32LE(at + 4)];
    if (at + 8 + length > end) throw new RangeError("behind the end");
    if (name === "ANMF") delays.push(shown(bytes.readUIntLE(at + 8 + 12, 3)));
    at += 8 + length + (length % 2);
  }
  return delays.length > 0 ? delays : [USUAL];
}
