import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { Appender } from "../../data/files/appender.ts";
import type { Source } from "../../data/source.ts";
import { float64Column } from "../../data/tables/growing.ts";
import { BrokenSample, messageOf, UserError } from "../../foundation/errors.ts";
import { retried } from "../../foundation/retry.ts";
import { temporaryFolder } from "../../foundation/temporary.ts";
import { isTokenized, type Text } from "./text.ts";
import type { TextVocabulary } from "./vocabulary.ts";

/** A corpus as tokens in a file, and where each sample begins. Shared between threads. */
export interface WindowIndex {
  readonly kind: "windows";
  /** 32-bit tokens in the machine's byte order. */
  readonly path: string;
  /** First token of each window, and the end of the last. */
  readonly starts: Float64Array;
}

export const isWindowIndex = (value: unknown): value is WindowIndex =>
  z.looseObject({ kind: z.literal("windows") }).safeParse(value).success;

/** Flags of tokens: a sentence starts here; a text starts here (or the `end` before it). */
const [SENTENCE, TEXT] = [0x40000000, 0x20000000];
const BYTES = Int32Array.BYTES_PER_ELEMENT;

/**
 * Writes a corpus as tokens into a temporary file and cuts it into windows of at most `vocabulary.length` − 2: a long
 * text into several of nearly equal size; with `pack`, all texts in a row into full windows, with the vocabulary's `end`
 * between two texts, as RoBERTa's "full sentences". Nothing of the corpus stays in memory.
 * @throws UserError when it has no tokens
 */
export async function windowsOf(
  source: Source<Text>,
  vocabulary: TextVocabulary,
  pack: boolean,
  onNote?: (note: string) => void,
): Promise<Source<Text>> {
  const room = vocabulary.length - 2;
  const folder = temporaryFolder();
  const file = new Appender(join(folder.path, "tokens"));
  const starts = float64Column();
  let written = 0;
  let windows = 0;
  let boundary = 0;
  const cut = (at: number) => {
    starts.push(at);
    windows++;
  };
  const broken: string[] = [];
  const empty: string[] = [];
  try {
    for (let record = 0; record < source.length; record++) {
      const sample = await source.read(record).catch((error: unknown) => {
        if (!(error instanceof BrokenSample)) throw error;
        broken.push(`${source.name(record)}: ${error.message}; skipped`);
        return undefined;
      });
      if (!sample) continue;
      const { ids, sentences } = isTokenized(sample) ? sample : vocabulary.tokenize(sample.text);
      if (ids.length === 0) {
        empty.push(source.name(record));
        continue;
      }
      const between = pack && written > 0 ? 1 : 0;
      const tokens = new Int32Array(ids.length + between);
      if (between) tokens[0] = vocabulary.ids.end;
      tokens.set(ids, between);
      for (const at of sentences) tokens[at + between]! |= SENTENCE;
      tokens[0]! |= TEXT;
      file.append(new Uint8Array(tokens.buffer));
      if (pack) for (; boundary < written + tokens.length; boundary += room) cut(boundary);
      else {
        const parts = Math.ceil(tokens.length / room);
        for (let part = 0; part < parts; part++) cut(written + Math.floor((part * tokens.length) / parts));
      }
      written += tokens.length;
    }
    file.flush();
    for (const note of broken.slice(0, 10)) onNote?.(note);
    if (broken.length > 10) onNote?.(`… and ${broken.length - 10} more`);
    if (empty.length > 0)
      onNote?.(`${empty.length} of ${source.length} texts have no tokens and are left out; the first is ${empty[0]}`);
    if (windows === 0) throw new UserError(`there are no tokens in the data; the first text is ${source.name(0)}`);
    starts.push(written);
    onNote?.(`${windows} samples of at most ${vocabulary.length} tokens, from ${source.length} texts`);
    return windowSource({ kind: "windows", path: file.path, starts: starts.shared() }, () => {
      file.close();
      folder.remove();
    });
  } catch (error) {
    file.close();
    folder.remove();
    throw error;
  }
}

/** A source of the windows of an index. */
export function windowSource(index: WindowIndex, onClose: () => void = () => undefined): Source<Text> {
  const { starts, path } = index;
  let handle: number | undefined;
  return {
    length: starts.length - 1,
    name: (window) => `window ${window + 1}`,
    async read(window) {
      const [start, end] = [starts[window]!, starts[window + 1]!];
      // The token after a window shows whether its text continues; the last window has none after it.
      const isLast = window + 2 === starts.length;
      const read = new Int32Array(end - start + (isLast ? 0 : 1));
      const bytes = new Uint8Array(read.buffer);
      try {
        handle ??= await retried(path, () => openSync(path, "r"));
        const opened = handle;
        const count = await retried(path, () => readSync(opened, bytes, 0, bytes.length, start * BYTES));
        if (count < bytes.length) throw new Error("it is cut off");
      } catch (error) {
        if (error instanceof UserError) throw error;
        throw new Error(`${path}: the corpus as tokens could not be read (${messageOf(error)})`);
      }
      const tokens = read.subarray(0, end - start);
      const sentences: number[] = [];
      tokens.forEach((token, at) => {
        if (token & SENTENCE) sentences.push(at);
      });
      return {
        ids: tokens.map((token) => token & ~SENTENCE & ~TEXT),
        sentences: Int32Array.from(sentences),
        isCut: !isLast && !(read.at(-1)! & TEXT),
      };
    },
    manifest: index,
    async close() {
      if (handle !== undefined) closeSync(handle);
      handle = undefined;
      onClose();
    },
  };
}
