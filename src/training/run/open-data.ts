import {
  foldsFromTable,
  type ModalityDefinition,
  type OpenOptions,
  type Source,
  splitFromTable,
  tableOptionsOf,
} from "../../data/index.ts";
import { grouped, windowsWithGroups } from "../../data/parts/groups.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { openPaths } from "../../data/paths/open.ts";
import { cutPaths } from "../../data/paths/reopen.ts";
import type { Parts } from "./parts.ts";
import { parseOptions, type Run } from "./run.ts";

/** What decides how data are read: the kind of data and its settled options. A run is one. */
export type DataReader = Pick<Parts, "modalityDefinition" | "modalityOptions">;

/** @throws UserError for a wrong option */
export const readerOf = (
  modalityDefinition: ModalityDefinition,
  options: Readonly<Record<string, unknown>>,
): DataReader => ({
  modalityDefinition,
  modalityOptions: parseOptions(modalityDefinition.options, options, `modality ${modalityDefinition.name}`),
});

/** The names of a source's entries. */
export const namesOf = (source: Source<unknown>): string[] =>
  Array.from({ length: source.length }, (_, index) => source.name(index));

/** The part and the fold of every entry, as files say. */
async function placesOf(
  source: Source<unknown>,
  { splitFile, foldsFile }: OpenOptions,
): Promise<Pick<Source<unknown>, "parts" | "folds">> {
  return {
    ...(splitFile === undefined ? {} : { parts: await splitFromTable(splitFile, namesOf(source)) }),
    ...(foldsFile === undefined ? {} : { folds: await foldsFromTable(foldsFile, namesOf(source)) }),
  };
}

/** Windows are of the part and the fold of what they were cut from. */
function placesOfWindows(
  windows: Source<unknown>,
  { parts, folds }: Pick<Source<unknown>, "parts" | "folds">,
): Pick<Source<unknown>, "parts" | "folds"> {
  const wholes = Int32Array.from({ length: windows.length }, (_, index) => windows.whole?.(index) ?? index);
  return {
    ...(parts ? { parts: Uint8Array.from(wholes, (whole) => parts[whole]!) } : {}),
    ...(folds ? { folds: wholes.map((whole) => folds[whole]!) } : {}),
  };
}

/**
 * Opens data as a run reads them: entries longer than the encoder's input are cut into windows, each an entry with the
 * label of the whole. With a split or folds, `parts` or `folds` say where each entry belongs.
 * @throws UserError when there is nothing to read
 *
 * @example
 * const run = await openRun("runs/sounds");
 * const source = await openData(run, "recordings/");
 * console.log(source.length, source.name(0));
 */
export async function openData(reader: DataReader, path: Paths, options: OpenOptions = {}): Promise<Source<unknown>> {
  const opened = await openPaths(reader.modalityDefinition, path, options);
  try {
    return await entriesOf(reader, path, opened, options);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** The entries of opened data, as `openData` gives them; closing them closes the data. @param path of the data, for messages */
export async function entriesOf(
  { modalityDefinition, modalityOptions }: DataReader,
  path: Paths,
  opened: Source<unknown>,
  options: OpenOptions = {},
): Promise<Source<unknown>> {
  const whole = await grouped(path, opened, options);
  const places = await placesOf(opened, options);
  const cut = await cutPaths(modalityDefinition, opened, modalityOptions);
  if (cut === opened) return { ...whole, ...places };
  const windows = { ...windowsWithGroups(cut, whole), ...placesOfWindows(cut, places) };
  const close = async () => {
    await windows.close();
    await whole.close();
  };
  return { ...windows, close };
}

/** Opens the given data, or by default the run's training data with their labels and columns. @throws UserError as `openData` */
export function openRunData(run: Run, path: Paths | undefined, options: OpenOptions = {}): Promise<Source<unknown>> {
  const { data } = run.config;
  const own = { ...tableOptionsOf(data), labels: data.labels };
  return openData(run, path ?? data.path, path === undefined ? own : options);
}
