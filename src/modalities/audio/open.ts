import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { collectFiles, type Entries, filesOf, recognisesFiles, type Wanted } from "../../data/files/collection.ts";
import { labelsFromTable, labelsOfFiles } from "../../data/labels.ts";
import type { Recognition } from "../../data/modality.ts";
import { exceptOf, type OpenOptions, type Source } from "../../data/source.ts";
import { listedFiles, recognisesListed } from "../../data/tables/listed-files.ts";
import { windowsOf } from "../../data/windows.ts";
import type { MemoryBudget } from "../../foundation/memory.ts";
import { temporaryFolder } from "../../foundation/temporary.ts";
import { hasSoundName } from "./formats/index.ts";
import type { AudioOptions } from "./options.ts";
import type { Sound } from "./sound.ts";
import { secondsOf } from "./sources/lengths.ts";
import { createPcmCache } from "./sources/pcm-cache.ts";
import { type RecordingsManifest, recordingSource, sourceOf } from "./sources/recordings.ts";

/** Files of formats that are not decoded here. */
const FOREIGN = /\.(m4a|aac|wma|amr|ape|ac3|dts|webm|mka|ra|alac|caf|au|mid|midi)$/i;

const wanted: Wanted = {
  takes: (name) => {
    if (hasSoundName(name)) return true;
    const foreign = FOREIGN.exec(name)?.[1];
    return foreign ? { what: foreign.toUpperCase(), advice: "not decodable here: convert to FLAC" } : false;
  },
  what: "recordings",
  formats: "WAV, FLAC, MP3, Ogg, Opus, AIFF",
};

/**
 * Opens recordings: a file, a folder or zip archives, where sub-folders are labels, or a table of paths.
 * @throws UserError when there are none
 */
export async function openAudio(path: string, options: OpenOptions = {}): Promise<Source<Sound>> {
  const { labels: table } = options;
  if (await recognisesListed(path, wanted.takes)) {
    const { manifest: files, labels: listed, leftOut } = await listedFiles(path, wanted.takes, wanted.what, options);
    const entries = filesOf(files);
    const labels = table ? await labelsFromTable(table, entries.names) : listed;
    return { ...recordingSource(entries, { files, ...(labels ? { labels } : {}) }), leftOut };
  }
  const collection = await collectFiles(path, wanted, exceptOf(options));
  const { manifest: files, leftOut } = collection;
  const entries = filesOf(files);
  const labels = table
    ? await labelsFromTable(table, entries.names)
    : await labelsOfFiles(collection, entries.names, options.labelColumn);
  return { ...recordingSource(entries, { files, ...(labels ? { labels } : {}) }), leftOut };
}

const isManifest = (value: unknown): value is RecordingsManifest =>
  typeof value === "object" && value !== null && "files" in value;

export async function reopenAudio(manifest: unknown): Promise<Source<Sound>> {
  if (!isManifest(manifest)) throw new Error("not the manifest of recordings");
  return sourceOf(manifest);
}

export const recognisesAudio = async (path: string): Promise<Recognition> =>
  (await recognisesFiles(path, wanted)) || (await recognisesListed(path, wanted.takes)) ? "certain" : undefined;

/** Recordings at the encoder's rate, decoded once; long ones as windows. */
export async function cutAudio(
  source: Source<Sound>,
  { rate, window, hop = window }: AudioOptions,
  onNote?: (note: string) => void,
): Promise<Source<Sound>> {
  const { manifest } = source;
  if (!isManifest(manifest) || manifest.cut) return source;
  const entries = filesOf(manifest.files);
  try {
    const seconds = await secondsOf(entries, rate, onNote);
    const lengths = seconds.map((one) => (one === undefined ? undefined : Math.round(one * rate)));
    const windows = windowsOf(lengths, Math.round(window * rate), Math.max(1, Math.round(hop * rate)));
    if (windows.wholes.length > entries.names.length)
      onNote?.(
        `${entries.names.length.toLocaleString("en")} recordings are read as ${windows.wholes.length.toLocaleString("en")} windows of ${window} s`,
      );
    const folder = temporaryFolder();
    const path = join(folder.path, "recordings.pcm");
    closeSync(openSync(path, "w"));
    const opened = sourceOf({ ...manifest, cut: { cache: createPcmCache(path, rate, entries.names.length), windows } });
    return {
      ...opened,
      async close() {
        await opened.close();
        folder.remove();
      },
    };
  } finally {
    await entries.close();
  }
}

/** A source of one recording from the bytes of its file. @param memory for decoding it */
export function givenAudio(bytes: Uint8Array, name: string, _type = "", memory?: MemoryBudget): Source<Sound> {
  const entries: Entries = {
    names: [name],
    bytes: async () => bytes,
    contents: async () => "",
    close: async () => undefined,
  };
  const manifest: RecordingsManifest = { files: { kind: "folder", root: "", names: [name] } };
  return { ...recordingSource(entries, manifest, memory), manifest: undefined };
}
