/** What a cell of a Parquet file has, as numbers: one, a list, lists of lists. */
export function numbersIn(cell: unknown, into: number[] = []): number[] | undefined {
  if (typeof cell === "number") into.push(cell);
  else if (typeof cell === "bigint") into.push(Number(cell));
  else if (typeof cell === "boolean") into.push(Number(cell));
  else if (Array.isArray(cell) || (ArrayBuffer.isView(cell) && !(cell instanceof DataView))) {
    for (const one of cell as Iterable<unknown>) if (!numbersIn(one, into)) return undefined;
  } else return undefined;
  return into;
}

/** One number, or none. */
export function numberOf(cell: unknown): number | undefined {
  const all = numbersIn(cell);
  return all?.length === 1 ? all[0] : undefined;
}

/** The bytes of an image: a struct with them, as LeRobot writes it, or they alone. */
export function bytesIn(cell: unknown): Uint8Array | undefined {
  if (cell instanceof Uint8Array) return cell;
  if (typeof cell !== "object" || cell === null || !("bytes" in cell)) return undefined;
  return cell.bytes instanceof Uint8Array ? cell.bytes : undefined;
}
