import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";

/** A tar archive of these files, in their order, as a library of others writes it. */
export async function tarOf(files: Readonly<Record<string, Uint8Array | string>>): Promise<Buffer> {
  const archive = pack();
  const written = buffer(archive);
  for (const [name, bytes] of Object.entries(files)) archive.entry({ name, mtime: new Date(0) }, Buffer.from(bytes));
  archive.finalize();
  return written;
}

/** A header whose sum is right, of any fields: `size` and `name` as they are to be written. */
export function tarHeader(fields: { name?: string; size?: string | Buffer; type?: string; prefix?: string }): Buffer {
  const { name = "x", size = "00000000000\0", type = "0", prefix = "" } = fields;
  const block = Buffer.alloc(512);
  block.write(name, 0, 100, "utf8");
  block.write("0000644\0", 100, "latin1");
  (typeof size === "string" ? Buffer.from(size, "latin1") : size).copy(block, 124, 0, 12);
  block.write("        ", 148, "latin1");
  block.write(type, 156, "latin1");
  block.write("ustar\x0000", 257, "latin1");
  block.write(prefix, 345, 155, "utf8");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}
