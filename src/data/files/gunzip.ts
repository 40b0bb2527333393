import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { messageOf, UserError } from "../../foundation/errors.ts";
import { codeOf, fileError } from "../../foundation/files.ts";
import { isBomb, RATIO } from "./limits.ts";

const CHUNK = 1 << 20;

/** Whether a file begins as gzip's do. */
export async function isGzip(path: string): Promise<boolean> {
  const handle = await open(path, "r").catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.readUInt16BE(0) === 0x1f8b;
  } finally {
    await handle.close();
  }
}

/**
 * The bytes of a file in chunks, unpacked if it is gzip's. Whoever stops early has read no more than it
 * needed.
 * @throws UserError when it cannot be read, is not a complete gzip file, or unpacks to more than 64 MiB and 200 times its
 * size
 */
export async function* bytesOf(path: string, isPacked: boolean): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: CHUNK });
  const stream = isPacked ? createGunzip({ chunkSize: CHUNK }) : undefined;
  if (stream) file.on("error", (error) => stream.destroy(error)).pipe(stream);
  let length = 0;
  try {
    for await (const chunk of stream ?? file) {
      length += chunk.length;
      if (stream && isBomb(stream.bytesWritten, length))
        throw new UserError(
          `${path}: unpacks to more than ${RATIO} times its size; if that is meant, unpack it first with gunzip`,
        );
      yield chunk;
    }
  } catch (error) {
    if (isPacked && codeOf(error)?.startsWith("Z_"))
      throw new UserError(`${path}: not a complete gzip file (${messageOf(error)})`);
    throw fileError(path, "read", error);
  } finally {
    file.destroy();
    stream?.destroy();
  }
}
