/** An explicit little-endian file with these elements after its meta information. */
export function dicom(
  elements: readonly (readonly [tag: number, vr: string, value: string | number | Uint8Array])[],
): Buffer {
  const parts = [Buffer.alloc(128), Buffer.from("DICM")];
  const put = (tag: number, vr: string, value: string | number | Uint8Array) => {
    const short = Buffer.alloc(2);
    if (typeof value === "number") short.writeUInt16LE(value);
    const raw = typeof value === "number" ? short : Buffer.from(value as Uint8Array);
    const body = raw.length % 2 === 0 ? raw : Buffer.concat([raw, Buffer.from(vr === "UI" ? "\0" : " ")]);
    const head = Buffer.alloc(vr === "OW" || vr === "OB" ? 12 : 8);
    head.writeUInt16LE(tag >>> 16, 0);
    head.writeUInt16LE(tag & 0xffff, 2);
    head.write(vr, 4, "latin1");
    if (head.length === 12) head.writeUInt32LE(body.length, 8);
    else head.writeUInt16LE(body.length, 6);
    parts.push(head, body);
  };
  for (const [tag, vr, value] of elements) put(tag, vr, value);
  return Buffer.concat(parts);
}
