import { createHash } from "node:crypto";
import type { Labels } from "../../../data/labels.ts";
import type { Source } from "../../../data/source.ts";
import type { Image } from "../../../pixels/image.ts";

/** Decoded images of one size in memory shared by all threads. */
export interface ArrayManifest {
  readonly kind: "array";
  readonly prefix: string;
  readonly count: number;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly pixels: SharedArrayBuffer;
  readonly labels: Labels | undefined;
}

export function arraySource(manifest: ArrayManifest): Source<Image> {
  const { prefix, count, width, height, channels, pixels, labels } = manifest;
  const size = width * height * channels;
  return {
    length: count,
    ...labels,
    name: (index) => `${prefix}#${index}`,
    read: async (index) => ({ width, height, channels, data: new Uint8Array(pixels, index * size, size) }),
    contents: async () => createHash("sha256").update(new Uint8Array(pixels)).digest("hex").slice(0, 16),
    manifest,
    close: async () => undefined,
  };
}
