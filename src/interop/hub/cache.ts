import { copyFile, readFile, rm, stat, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { codeOf, fileError, makeFolder, writeAtomically } from "../../foundation/files.ts";
import { shardsIn } from "../model-folder.ts";
import { isCommit } from "./id.ts";

/**
 * One model in the Hub's cache, as every library of Hugging Face's keeps it: `blobs/` by digest, `snapshots/<commit>/` with
 * links to them, `refs/<branch>` with the commit.
 */
export interface CachedModel {
  readonly blob: (digest: string) => string;
  readonly snapshot: (commit: string) => string;
  /** The commit that a branch or tag was when it was last looked at. */
  commitOf(revision: string): Promise<string | undefined>;
  /** Puts a blob into a snapshot under its name. */
  link(digest: string, commit: string, name: string): Promise<void>;
  remember(revision: string, commit: string): Promise<void>;
}

/** @param folder of the whole cache @param name owner and name of the model */
export function cachedModel(folder: string, name: string): CachedModel {
  const storage = join(folder, ["models", ...name.split("/")].join("--"));
  const reference = (revision: string) => join(storage, "refs", ...revision.split("/"));
  const blob = (digest: string) => join(storage, "blobs", digest);
  const snapshot = (commit: string) => join(storage, "snapshots", commit);
  return {
    blob,
    snapshot,
    async commitOf(revision) {
      if (isCommit(revision)) return revision;
      const commit = (await readFile(reference(revision), "utf8").catch(() => "")).trim();
      return isCommit(commit) ? commit : undefined;
    },
    async link(digest, commit, file) {
      const to = join(snapshot(commit), file);
      await makeFolder(dirname(to));
      await rm(to, { force: true });
      await symlink(relative(dirname(to), blob(digest)), to).catch(async (error: unknown) => {
        if (codeOf(error) === "EEXIST") return;
        // Where links are not allowed, as on Windows, the cache has copies.
        await copyFile(blob(digest), to).catch((failed: unknown) => {
          throw fileError(to, "written", failed);
        });
      });
    },
    async remember(revision, commit) {
      if (isCommit(revision)) return;
      const file = reference(revision);
      await makeFolder(dirname(file));
      await writeAtomically(file, [commit]);
    },
  };
}

const sizeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ size }) => size,
    () => undefined,
  );

/** Whether a file is there with that many bytes. */
export const isWhole = async (path: string, size: number): Promise<boolean> => (await sizeOf(path)) === size;

/** Whether a snapshot has the weights, and `config.json`. */
export async function hasWeights(snapshot: string): Promise<boolean> {
  const has = async (name: string) => (await sizeOf(join(snapshot, name))) !== undefined;
  if (!(await has("config.json"))) return false;
  if (await has("model.safetensors")) return true;
  const shards = await shardsIn(snapshot).catch(() => undefined);
  return shards !== undefined && (await Promise.all(shards.map(has))).every(Boolean);
}
