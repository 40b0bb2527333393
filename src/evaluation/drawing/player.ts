import type { Frames, Media, Shown } from "../../data/index.ts";
import { loadSharp } from "../../interop/sharp.ts";
import { escapeHtml } from "./html.ts";

/** A sample on a page: its picture as a data URI, what plays it as HTML, or a line of text. */
export interface OnPage {
  readonly image?: string;
  readonly player?: string;
  readonly text?: string;
}

/** Bytes of sounds and clips that one page holds; later samples have none. */
const MOST_BYTES = 6 * 2 ** 20;

/** Shows samples on one page, which is kept from growing without bounds. */
export function pageOf(): (shown: Shown) => Promise<OnPage> {
  let left = MOST_BYTES;
  return async ({ text, picture, media }) => {
    const played = left > 0 && media ? await encoded(media()) : undefined;
    left -= played?.bytes.length ?? 0;
    const player = played && left >= 0 ? { player: playerOf(played.type, played.bytes) } : {};
    if (!picture) return { text, ...player };
    const { width, height, rgb } = picture;
    const sharp = await loadSharp();
    const png = await sharp(rgb, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer();
    return { image: uri("image/png", png), ...player };
  };
}

/** Frames as an animated WebP; what is a file already stays. */
export async function encoded(media: Media | Frames): Promise<Media> {
  if ("bytes" in media) return media;
  const { rgb, width, height, count, delay } = media;
  const sharp = await loadSharp();
  const raw = { width, height: height * count, channels: 3, pageHeight: height } as const;
  const delays = Array.from({ length: count }, () => delay);
  const bytes = await sharp(rgb, { raw }).webp({ delay: delays, loop: 0, quality: 75, effort: 2 }).toBuffer();
  return { type: "image/webp", bytes };
}

const uri = (type: string, bytes: Uint8Array) => `data:${type};base64,${Buffer.from(bytes).toString("base64")}`;

/** An element that plays a sound or a clip, or shows what moves by itself. */
function playerOf(type: string, bytes: Uint8Array): string {
  const source = escapeHtml(uri(type, bytes));
  const element = /^(audio|video)\//.exec(type)?.[1];
  return element ? `<${element} controls preload="none" src="${source}"></${element}>` : `<img src="${source}" alt="">`;
}
