import type { AsyncBuffer, ColumnMetaData, RowGroup } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";

/** Most values in a column of one row group; writers put about a million rows in a group. */
const MOST_VALUES = 2 ** 26;
/** Largest unpacked page; writers aim at 1 MiB. */
const LARGEST_PAGE = 256 * 2 ** 20;
/** Pages above this size may not unpack to more than `RATIO` times their packed size. */
const SMALL_PAGE = 16 * 2 ** 20;
const RATIO = 1000;

/**
 * Compares what a row group says about itself with the bytes that are there, before anything is unpacked: the decoder
 * believes every length, and a wrong one takes it minutes or gigabytes.
 * @param columns read from it, by name; all if undefined
 * @param most bytes of each of these columns, packed and unpacked
 * @throws Error that says which length is wrong, or that the group is larger
 */
export async function checkGroup(
  file: AsyncBuffer,
  group: RowGroup,
  columns?: readonly string[],
  most = Number.POSITIVE_INFINITY,
): Promise<void> {
  within(Number(group.num_rows), MOST_VALUES, "rows in a row group");
  for (const { meta_data: meta } of group.columns) {
    if (!meta) throw new Error("a column has no metadata");
    if (columns && !columns.includes(meta.path_in_schema[0] ?? "")) continue;
    await checkColumn(file, meta, most).catch((error: unknown) => {
      throw new Error(`column "${meta.path_in_schema.join(".")}": ${error instanceof Error ? error.message : error}`);
    });
  }
}

/** @throws Error when a row group takes more than `most` bytes */
export function fits(bytes: number, most: number): void {
  if (bytes <= most) return;
  const mib = Math.round(most / 2 ** 20);
  throw new Error(`a row group takes more than ${mib} MiB; write smaller row groups, of about 100 rows with files`);
}

async function checkColumn(file: AsyncBuffer, meta: ColumnMetaData, most: number): Promise<void> {
  const values = Number(meta.num_values);
  within(values, MOST_VALUES, "values in a row group");
  const [data, dictionary] = [Number(meta.data_page_offset), Number(meta.dictionary_page_offset ?? 0)];
  const start = dictionary > 0 && dictionary < data ? dictionary : data;
  const length = Number(meta.total_compressed_size);
  within(start, file.byteLength, "the position of a column");
  within(length, file.byteLength - start, "the length of a column");
  fits(length, most);
  const bytes = await file.slice(start, start + length);
  let size = 0;
  const reader = { view: new DataView(bytes), offset: 0 };
  let found = 0;
  while (found < values) {
    // Each header takes bytes, so this ends.
    if (reader.offset >= length - 1) throw new Error(`ends after ${found} of ${values} values`);
    const { compressed_page_size: packed, uncompressed_page_size: unpacked, ...header } = parquetHeader(reader);
    within(packed, length - reader.offset, "the length of a page");
    within(unpacked, LARGEST_PAGE, "the unpacked length of a page");
    if (unpacked > SMALL_PAGE && unpacked > RATIO * packed)
      throw new Error(`a page of ${packed} bytes unpacks to ${unpacked}, more than ${RATIO} times as many`);
    size += unpacked;
    fits(size, most);
    const { data_page_header_v2: second, dictionary_page_header } = header;
    if (second) {
      within(second.num_nulls, second.num_values, "nulls in a page");
      within(second.repetition_levels_byte_length, Math.min(packed, unpacked), "repetition levels");
      const room = Math.min(packed, unpacked) - second.repetition_levels_byte_length;
      within(second.definition_levels_byte_length, room, "definition levels");
    }
    if (dictionary_page_header) within(dictionary_page_header.num_values, MOST_VALUES, "values in a dictionary");
    const count = header.data_page_header?.num_values ?? second?.num_values ?? 0;
    within(count, values - found, "values in a page");
    found += count;
    reader.offset += packed;
  }
}

/** @param value undefined where the file leaves it out. @throws Error unless it is a whole number from 0 to `most` */
function within(value: number | undefined, most: number, what: string): void {
  if (value === undefined) throw new Error(`${what}: not given`);
  if (!Number.isSafeInteger(value) || value < 0 || value > most)
    throw new Error(`${what}: ${value}, where at most ${most} can be`);
}
