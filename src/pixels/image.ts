/** A decoded image, row by row, channels interleaved. */
export interface Image {
  readonly width: number;
  readonly height: number;
  /** 1: grey, 3: red, green, blue. */
  readonly channels: 1 | 3;
  /** `height × width × channels` bytes. */
  readonly data: Uint8Array;
  /** A view that is ready for the encoder: it is not resized again. */
  readonly ready?: boolean;
}

/** Converts colour to grey (ITU-R 601) or grey to colour; an image with that many channels is returned as it is. */
export function withChannels(image: Image, channels: 1 | 3): Image {
  if (image.channels === channels) return image;
  const pixels = image.width * image.height;
  const data = new Uint8Array(pixels * channels);
  if (channels === 3) for (let i = 0; i < pixels; i++) data.fill(image.data[i]!, 3 * i, 3 * i + 3);
  else
    for (let i = 0; i < pixels; i++)
      data[i] = 0.2989 * image.data[3 * i]! + 0.587 * image.data[3 * i + 1]! + 0.114 * image.data[3 * i + 2]!;
  return { ...image, channels, data };
}
