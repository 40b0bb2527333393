import { HTTPException } from "hono/http-exception";
import * as z from "zod";
import type { Modality, ModalityDefinition, Source, TensorRecord } from "../data/index.ts";
import { BrokenSample, messageOf } from "../foundation/errors.ts";

/** The modality that decodes a request's body. */
export interface Reader {
  readonly modality: Pick<Modality, "tensors">;
  readonly definition: Pick<ModalityDefinition, "name" | "accepts">;
}

/** The accepted request bodies, in a line. */
export function bodyOf({ definition: { name, accepts } }: Reader): string {
  const types = [...(accepts.types ?? []), "application/octet-stream"];
  return [
    ...(accepts.text ? ['JSON (application/json): {"input": "…"} or {"inputs": ["…", …]}'] : []),
    ...(accepts.bytes ? [`one ${name} as the body (${types.join(" or ")}), or several as multipart/form-data`] : []),
  ].join("; ");
}

/** Whether a media type matches one of `types`, which may be patterns such as `image/*`. */
const isAmong = (type: string, types: readonly string[]): boolean =>
  types.some((one) => one === type || (one.endsWith("/*") && type.startsWith(one.slice(0, -1))));

const Inputs = z.union([
  z.strictObject({ input: z.string() }).transform(({ input }) => [input]),
  z.strictObject({ inputs: z.array(z.string()).min(1) }).transform(({ inputs }) => inputs),
]);

/**
 * The samples of a body, each as a source of one sample; nothing is decoded yet.
 * @throws HTTPException 415 for an unsupported content type, 422 for a malformed body
 */
export async function sourcesOf(request: Request, reader: Reader): Promise<Source<unknown>[]> {
  const type = (request.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  const { text, bytes, types = [] } = reader.definition.accepts;
  if (text && type === "application/json") return (await textsOf(request)).map((one) => text(one));
  if (bytes && type === "multipart/form-data")
    return (await filesOf(request)).map((file) => bytes(file.bytes, file.name, file.type));
  if (bytes && isAmong(type, [...types, "application/octet-stream"]))
    return [bytes(new Uint8Array(await request.arrayBuffer()), "the body", type)];
  throw new HTTPException(415, {
    message: `content type ${type || "(none)"} is not supported; send ${bodyOf(reader)}`,
  });
}

async function textsOf(request: Request): Promise<string[]> {
  const bytes = await request.arrayBuffer();
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw unreadable(`the body is not JSON in UTF-8 (${messageOf(error)})`);
  }
  const parsed = Inputs.safeParse(json);
  if (!parsed.success) throw unreadable('the body must be {"input": "…"} or {"inputs": ["…", …]}');
  const blank = parsed.data.findIndex((text) => text.trim() === "");
  if (blank >= 0) throw unreadable(`input ${blank + 1} is empty`);
  return parsed.data;
}

async function filesOf(request: Request): Promise<{ bytes: Uint8Array; name: string; type: string }[]> {
  const form = await request.formData().catch((error: unknown) => {
    throw unreadable(`the body is not multipart/form-data (${messageOf(error)})`);
  });
  const files: { bytes: Uint8Array; name: string; type: string }[] = [];
  for (const [field, value] of form) {
    if (typeof value === "string") throw unreadable(`field ${field} is text, not a file`);
    files.push({ bytes: new Uint8Array(await value.arrayBuffer()), name: value.name || field, type: value.type });
  }
  if (files.length === 0) throw unreadable("the body has no file in it");
  return files;
}

/** Decodes samples. @throws HTTPException 422 naming the first that cannot be decoded */
export function tensorsOf(sources: readonly Source<unknown>[], { modality }: Reader): Promise<TensorRecord[]> {
  return Promise.all(
    sources.map(async (source) => {
      try {
        return modality.tensors(await source.read(0));
      } catch (error) {
        if (error instanceof BrokenSample) throw unreadable(`${source.name(0)}: ${error.message}`);
        throw error;
      }
    }),
  );
}

const unreadable = (message: string) => new HTTPException(422, { message });
