import { join } from "node:path";
import { codeOf, messageOf, UserError } from "../../foundation/errors.ts";
import { isFile } from "../../foundation/files.ts";
import { shardsIn, WEIGHTS, WEIGHTS_INDEX } from "../model-folder.ts";
import { type CachedModel, cachedModel, hasWeights, isWhole } from "./cache.ts";
import { endpointOf, isOffline, patientFetch, refusal, tokenOf, Unreachable } from "./client.ts";
import { type HubFile, megabytes, refuseFull, store } from "./download.ts";
import { type HubId, hubIdOf, isCommit } from "./id.ts";

/** Callbacks of a download. */
export interface Download {
  /** When aborted, the download ends, leaves no part of a file, and throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly onNote?: ((note: string) => void) | undefined;
  /** Bytes of a stage that have arrived, and all. */
  readonly onDownload?: ((stage: string, done: number, total: number) => void) | undefined;
}

/** A model on this machine. */
export interface LocalModel {
  /** Its folder, or its file. */
  readonly path: string;
  /** What names it for good: the path, or `owner/name@commit`. */
  readonly from: string;
}

/** The library is loaded where it is used. */
const loadHub = () => import("@huggingface/hub");

/** Files beside the weights. */
const BESIDE = ["config.json", "preprocessor_config.json", "tokenizer.json"];
/** A model for ONNX Runtime, where there are no weights. */
const ONNX = ["onnx/model.onnx", "model.onnx"];
/** Largest of the files that are read whole, in bytes. */
const LARGEST_JSON = 100_000_000;

/**
 * The folder of a model that an argument names: a path, or an id of Hugging Face's Hub, `owner/name[@revision]`. Of the
 * Hub's files it needs `config.json`, the weights as safetensors, the tokenizer and the preprocessing; they go once into the
 * Hub's usual cache (`HF_HOME`, `HF_HUB_CACHE`), with their sizes and digests checked. `HF_ENDPOINT`, `HF_TOKEN` and
 * `HF_HUB_OFFLINE` mean what they mean to Hugging Face's own libraries. Without a network, what the cache has is used.
 * @param options.takesOnnx whether `onnx/model.onnx` will do where there are no safetensors; `path` is then that file
 * @throws UserError when there is no such model, it has none of these files, or it is neither in the cache nor reachable
 *
 * @example
 * const { path, from } = await localModel("facebook/dinov2-small");
 * console.log(path, from); // ~/.cache/huggingface/hub/models--facebook--dinov2-small/snapshots/…, facebook/dinov2-small@…
 */
export async function localModel(
  argument: string,
  options: Download & { readonly takesOnnx?: boolean } = {},
): Promise<LocalModel> {
  const id = await hubIdOf(argument);
  if (!id) return { path: argument, from: argument };
  const { getHFHubCachePath } = await loadHub();
  const cache = cachedModel(getHFHubCachePath(), id.name);
  const cached = await inCache(id, cache, options.takesOnnx ?? false);
  // A commit never changes.
  if (cached?.isAll && isCommit(id.revision)) return cached.model;
  if (isOffline(process.env)) {
    if (cached) return cached.model;
    throw new UserError(`${argument}: not in ${getHFHubCachePath()}, and HF_HUB_OFFLINE forbids to fetch it`);
  }
  try {
    return await fetched(id, cache, options);
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    if (!cached) {
      throw new UserError(
        `${argument}: no such folder, not in the Hub's cache (${getHFHubCachePath()}), and ${error.message}`,
      );
    }
    options.onNote?.(`${error.message}; using ${cached.model.from} from the cache`);
    return cached.model;
  }
}

/** What the cache has of a model, and whether nothing can be missing. */
async function inCache(
  id: HubId,
  cache: CachedModel,
  takesOnnx: boolean,
): Promise<{ readonly model: LocalModel; readonly isAll: boolean } | undefined> {
  const commit = await cache.commitOf(id.revision);
  if (commit === undefined) return undefined;
  const snapshot = cache.snapshot(commit);
  const from = `${id.name}@${commit}`;
  const has = (name: string) => isFile(join(snapshot, name));
  if (await hasWeights(snapshot)) {
    // Another program may have fetched the weights alone.
    const isAll = (await has("tokenizer.json")) || (await has("preprocessor_config.json"));
    return { model: { path: snapshot, from }, isAll };
  }
  if (!takesOnnx) return undefined;
  for (const name of ONNX)
    if (await has(name)) return { model: { path: join(snapshot, name), from }, isAll: await has("config.json") };
  return undefined;
}

/** Asks the Hub what the revision is, and fetches what the cache lacks. */
async function fetched(
  id: HubId,
  cache: CachedModel,
  { takesOnnx = false, ...watch }: Download & { readonly takesOnnx?: boolean },
): Promise<LocalModel> {
  const { name, revision } = id;
  const hub = await loadHub();
  const endpoint = endpointOf(process.env);
  const connection = patientFetch(endpoint, watch.signal);
  const access = { hubUrl: endpoint, accessToken: await tokenOf(process.env), fetch: connection.ask };
  /** Asks, with the Hub's refusals as one line. */
  const asking = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof hub.HubApiError) throw refusal(name, revision, endpoint, error.statusCode, error.message);
      const failure = connection.failure(error);
      if (failure instanceof Unreachable || failure instanceof UserError || watch.signal?.aborted) throw failure;
      if (codeOf(failure)) throw failure;
      throw new UserError(`${name}: ${endpoint} does not answer as the Hub does (${messageOf(failure)})`);
    }
  };
  try {
    const info = await asking(() => hub.modelInfo({ name, revision, additionalFields: ["sha"], ...access }));
    const commit = String(info.sha);
    if (!isCommit(commit)) throw new UserError(`${name}: ${endpoint} does not answer as the Hub does (no commit)`);
    const repo = { type: "model", name } as const;
    const list = async (path?: string): Promise<Map<string, HubFile>> => {
      const files = new Map<string, HubFile>();
      for await (const { type, path: file, size, oid = "", lfs } of hub.listFiles({
        ...{ repo, revision: commit, ...access },
        ...(path === undefined ? {} : { path }),
      })) {
        if (type !== "file") files.set(`${file}/`, { path: file, size: 0, digest: "" });
        else files.set(file, { path: file, size: lfs?.size ?? size, digest: lfs?.oid ?? oid });
      }
      return files;
    };
    const snapshot = cache.snapshot(commit);
    const fetchAll = async (files: readonly HubFile[]): Promise<void> => {
      const missing: HubFile[] = [];
      for (const file of files) {
        if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(file.digest) || !Number.isSafeInteger(file.size) || file.size < 0)
          throw new UserError(`${name}: the Hub lists ${file.path} without its size or digest`);
        if (file.path.endsWith(".json") && file.size > LARGEST_JSON)
          throw new UserError(
            `${name}: ${file.path} has ${megabytes(file.size)}; ${megabytes(LARGEST_JSON)} is the most`,
          );
        if (!(await isWhole(join(snapshot, file.path), file.size))) missing.push(file);
      }
      const absent: HubFile[] = [];
      // Files of the same content are one blob.
      for (const file of new Map(missing.map((one) => [one.digest, one])).values())
        if (!(await isWhole(cache.blob(file.digest), file.size))) absent.push(file);
      const total = absent.reduce((sum, { size }) => sum + size, 0);
      if (absent.length > 0) await refuseFull(join(snapshot, ".."), total);
      let before = 0;
      for (const file of absent) {
        const bytes = await asking(async () => {
          const blob = await hub.downloadFile({ repo, path: file.path, revision: commit, xet: false, ...access });
          if (!blob) throw new UserError(`${name}: the Hub lists ${file.path} but does not have it`);
          return blob.stream();
        });
        await asking(() =>
          store(file, cache.blob(file.digest), bytes, (count) => {
            connection.heard();
            watch.onDownload?.(`downloading ${name}`, before + count, total);
          }),
        );
        before += file.size;
      }
      for (const { digest, path } of missing) await cache.link(digest, commit, path);
    };

    const files = await asking(() => list());
    const pick = (wanted: readonly string[]) => wanted.flatMap((file) => files.get(file) ?? []);
    const result = (path: string): LocalModel => ({ path, from: `${name}@${commit}` });
    // The weights come last, so that a snapshot with weights has everything.
    if (files.has(WEIGHTS)) await fetchAll([...pick(BESIDE), ...pick([WEIGHTS])]);
    else if (files.has(WEIGHTS_INDEX)) {
      await fetchAll([...pick(BESIDE), ...pick([WEIGHTS_INDEX])]);
      const shards = (await shardsIn(snapshot)) ?? [];
      const absent = shards.find((shard) => !files.has(shard));
      if (absent !== undefined) throw new UserError(`${name}: its index names ${absent}, which the Hub does not list`);
      await fetchAll(pick(shards));
    } else if (takesOnnx) {
      if (files.has("onnx/")) for (const [path, file] of await asking(() => list("onnx"))) files.set(path, file);
      const [onnx] = pick(ONNX);
      if (!onnx) throw new UserError(`${name}: has neither ${WEIGHTS} nor ${ONNX.join(" nor ")}`);
      await fetchAll([...pick(BESIDE), onnx]);
      await cache.remember(revision, commit);
      return result(join(snapshot, onnx.path));
    } else throw new UserError(`${name}: has no ${WEIGHTS}; other formats of weights may run code, and are not read`);
    await cache.remember(revision, commit);
    return result(snapshot);
  } finally {
    connection.end();
  }
}
