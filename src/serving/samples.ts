import { getMultipartBoundary, MaxPartsExceededError, parseMultipart } from "@remix-run/multipart-parser";
import { HTTPException } from "hono/http-exception";
import * as z from "zod";
import type { Modality, ModalityDefinition, Source, TensorRecord } from "../data/index.ts";
import { BrokenSample, messageOf } from "../foundation/errors.ts";
import type { MemoryBudget } from "../foundation/memory.ts";
import { jsonShape } from "./json-shape.ts";
import { tooLarge, unreadable } from "./refusal.ts";
import type { Turns } from "./turns.ts";

/** The modality that decodes a request's body. */
export interface Reader {
  readonly modality: Pick<Modality, "tensors">;
  readonly definition: Pick<ModalityDefinition, "name" | "accepts">;
  /** For all samples that are being decoded, of all requests together. */
  readonly memory?: MemoryBudget;
}

/** The accepted request bodies, in a line. */
export function bodyOf({ definition: { name, accepts } }: Reader): string {
  const types = [...(accepts.types ?? []), "application/octet-stream"];
  return [
    ...(accepts.text ? ['JSON (application/json): {"input": "…"} or {"inputs": ["…", …]}'] : []),
    ...(accepts.bytes ? [`one ${name} as the body (${types.join(" or ")}), or several as multipart/form-data`] : []),
  ].join("; ");
}

/**
 * Which reader takes bodies of a content type, by its place; the first one that does.
 * @throws HTTPException 415 when none does, with what they take
 */
export function kindOf(contentType: string, readers: readonly Reader[]): number {
  const type = mediaTypeOf(contentType);
  const found = readers.findIndex(({ definition: { accepts } }) => takes(type, accepts));
  if (found >= 0) return found;
  throw new HTTPException(415, {
    message: `content type ${type || "(none)"} is not supported; send ${readers.map(bodyOf).join("; ")}`,
  });
}

const takes = (type: string, { text, bytes, types = [] }: Reader["definition"]["accepts"]): boolean =>
  (text !== undefined && type === "application/json") ||
  (bytes !== undefined && (type === "multipart/form-data" || isAmong(type, [...types, "application/octet-stream"])));

/** Whether a media type matches one of `types`, which may be patterns such as `image/*`. */
const isAmong = (type: string, types: readonly string[]): boolean =>
  types.some((one) => one === type || (one.endsWith("/*") && type.startsWith(one.slice(0, -1))));

const Inputs = z.union([
  z.strictObject({ input: z.string() }).transform(({ input }) => [input]),
  z.strictObject({ inputs: z.array(z.string()).min(1) }).transform(({ inputs }) => inputs),
]);

const BODY = 'the body must be {"input": "…"} or {"inputs": ["…", …]}';

/** Largest body of JSON in bytes: 4 MiB, 256 texts of the longest. Larger bodies are for files. */
export const MAX_JSON = 4 * 2 ** 20;
/** Longest text, in characters. An encoder reads some hundred tokens, and all of a text is tokenized at once. */
export const MAX_TEXT = 2 ** 14;
/** Most bytes of a part's headers. */
const MAX_HEADERS = 8 * 1024;

/** A sample of a body: not decoded yet. */
export interface Given {
  readonly source: Source<unknown>;
  /** Its size, which says how long decoding may take. */
  readonly bytes: number;
}

export interface Sent {
  /** The `Content-Type` header. */
  readonly contentType: string;
  readonly body: Uint8Array;
  /** Most samples in it. */
  readonly most: number;
}

/**
 * The samples of a body, each as a source of one sample; nothing is decoded yet. What would take long is refused before
 * it is parsed.
 * @param reader one that takes the content type: see `kindOf`
 * @throws HTTPException 413 for too many or too long samples, 422 for a malformed body
 */
export function givenIn(sent: Sent, reader: Reader): Given[] {
  const type = mediaTypeOf(sent.contentType);
  const { text, bytes } = reader.definition.accepts;
  if (text && type === "application/json")
    return textsOf(sent).map((one) => ({ source: text(one), bytes: one.length }));
  if (bytes && type === "multipart/form-data")
    return filesOf(sent).map((file) => ({
      source: bytes(file.bytes, file.name, file.type, reader.memory),
      bytes: file.bytes.length,
    }));
  if (bytes) return [{ source: bytes(sent.body, "the body", type, reader.memory), bytes: sent.body.length }];
  throw new Error(`no ${reader.definition.name} can be read from ${type}`);
}

const mediaTypeOf = (contentType: string) => contentType.split(";")[0]!.trim().toLowerCase();

const tooMany = (count: number | string, most: number) => tooLarge(`${count} samples in a request; at most ${most}`);

function textsOf({ body, most }: Sent): string[] {
  if (body.length > MAX_JSON) throw tooLarge(`JSON of ${body.length} bytes; at most ${MAX_JSON}`);
  const { depth, values } = jsonShape(body);
  if (depth > 2) throw unreadable(BODY);
  if (values > most) throw tooMany(values, most);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (error) {
    throw unreadable(`the body is not JSON in UTF-8 (${messageOf(error)})`);
  }
  const parsed = Inputs.safeParse(json);
  if (!parsed.success) throw unreadable(BODY);
  for (const [at, text] of parsed.data.entries()) {
    if (text.length > MAX_TEXT) throw tooLarge(`input ${at + 1} has ${text.length} characters; at most ${MAX_TEXT}`);
    if (text.trim() === "") throw unreadable(`input ${at + 1} is empty`);
  }
  return parsed.data;
}

interface SentFile {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly type: string;
}

function filesOf({ contentType, body, most }: Sent): SentFile[] {
  const files: SentFile[] = [];
  const boundary = getMultipartBoundary(contentType)?.trim();
  if (!boundary) throw unreadable("the body is not multipart/form-data (the content type has no boundary)");
  try {
    const limits = { maxParts: most, maxHeaderSize: MAX_HEADERS, maxFileSize: body.length, maxTotalSize: body.length };
    for (const part of parseMultipart(body, { boundary, ...limits })) {
      const { name = "", filename } = part;
      if (!part.isFile) throw unreadable(`field ${name} is text, not a file`);
      const [bytes = new Uint8Array(0)] = part.content;
      files.push({
        // The body came in one piece, so that every part is one, and need not be copied.
        bytes: part.content.length > 1 ? part.bytes : bytes,
        name: filename || name || `file ${files.length + 1}`,
        type: part.mediaType ?? "",
      });
    }
  } catch (error) {
    if (error instanceof HTTPException) throw error;
    if (error instanceof MaxPartsExceededError) throw tooMany(`more than ${most}`, most);
    throw unreadable(`the body is not multipart/form-data (${messageOf(error)})`);
  }
  if (files.length === 0) throw unreadable("the body has no file in it");
  return files;
}

/**
 * Decodes samples in turn with those of other requests.
 * @throws HTTPException 422 naming the first that cannot be decoded
 */
export function tensorsOf(given: readonly Given[], { modality }: Reader, inTurn: Turns): Promise<TensorRecord[]> {
  let sum = 0;
  return Promise.all(
    given.map(({ source, bytes }) => {
      sum += bytes;
      return inTurn(sum, async () => {
        try {
          return modality.tensors(await source.read(0));
        } catch (error) {
          if (error instanceof BrokenSample) throw unreadable(`${source.name(0)}: ${error.message}`);
          throw error;
        }
      });
    }),
  );
}
