import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { UserError } from "../../foundation/errors.ts";
import { fileError } from "../../foundation/files.ts";
import { outputsIn } from "../../foundation/outputs.ts";
import { describeLeftOut, type LeftOut, type Reason, Tally } from "./left-out.ts";
import { isRubbish } from "./rubbish.ts";

/**
 * Whether a kind of data takes a file, by its name: true, or false for a file of another kind, which is counted by its
 * extension, or the reason why a file of this kind is left out.
 */
export type Takes = (name: string) => boolean | Reason;

/** The files that a kind of data takes at a path, and what it leaves out there. */
export interface Listing {
  /** The folder that the names are relative to. */
  readonly root: string;
  /** Whether the path is a folder; otherwise it is one file. */
  readonly isFolder: boolean;
  /** Sorted, with `/` between folders. */
  readonly names: readonly string[];
  readonly leftOut: readonly LeftOut[];
  /** What is left out although it is of this kind: `takes` gave a reason. */
  readonly unfit: readonly LeftOut[];
}

/**
 * The files that a kind of data takes: those below a folder, or the one file that the path names. Every kind of data lists
 * its files here, so that what it leaves out is counted by reason and said.
 * @param except a file that is neither taken nor counted: the table of labels
 * @throws UserError when the path, or a folder below it, cannot be read
 *
 * @example
 * const { names, leftOut } = await listFiles("photos/", (name) => name.endsWith(".png"));
 * if (leftOut.length > 0) console.log(`left out: ${describeLeftOut(leftOut)}`);
 */
export async function listFiles(path: string, takes: Takes, except?: string): Promise<Listing> {
  const info = await stat(path).catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  const isFolder = info.isDirectory();
  const below = isFolder ? await filesBelow(path) : { names: [basename(path)], leftOut: [] };
  const names =
    except && isFolder ? below.names.filter((name) => resolve(path, name) !== resolve(except)) : below.names;
  const sorted = sortOut(names, takes);
  const tally = new Tally();
  tally.addAll([...sorted.unfit, ...sorted.others, ...below.leftOut]);
  return {
    root: isFolder ? path : dirname(path),
    isFolder,
    names: sorted.names,
    unfit: sorted.unfit,
    leftOut: tally.leftOut,
  };
}

/** Divides names into those that are taken, those of the kind that are unfit, and others. */
export function sortOut(all: readonly string[], takes: Takes) {
  const names: string[] = [];
  const unfit = new Tally();
  const others = new Tally();
  for (const name of all) {
    const verdict = takes(name);
    if (verdict === true) names.push(name);
    else if (verdict === false) others.add(name, { what: extensionOf(name) });
    else unfit.add(name, verdict);
  }
  return { names, unfit: unfit.leftOut, others: others.leftOut };
}

/** `.md`, `.csv.gz`, or `without an extension`. */
function extensionOf(name: string): string {
  const packed = /\.(gz|bz2|xz|zst)$/i.exec(name)?.[0] ?? "";
  const own = extname(name.slice(0, name.length - packed.length));
  const extension = `${own}${packed}`.toLowerCase();
  // A file system allows any character and 255 of them; this is printed.
  return /^(\.[\w+-]{1,12}){1,2}$/.test(extension) ? extension : "without an extension";
}

/**
 * The error for a path where a kind of data finds nothing: what is there instead is in it.
 * @param place what the path is: a file is named with its reason alone
 * @param what it looks for: `images`
 * @param formats what it reads: `JPEG, PNG, WebP …`
 *
 * @example
 * throw nothingTaken("photos", "folder", "images", "JPEG, PNG, WebP …", listing);
 * // photos: no images in this folder (JPEG, PNG, WebP …); it has 30 HEIC (not decodable here: convert to JPEG)
 */
export function nothingTaken(
  path: string,
  place: "folder" | "archive" | "file",
  what: string,
  formats: string,
  { leftOut, unfit }: Pick<Listing, "leftOut" | "unfit">,
): UserError {
  const [reason] = unfit;
  if (place === "file")
    return new UserError(`${path}: ${reason ? `${reason.what}, ${reason.advice}` : `no ${what} (${formats})`}`);
  const there = describeLeftOut(leftOut);
  return new UserError(`${path}: no ${what} in this ${place} (${formats})${there && `; it has ${there}`}`);
}

interface Below {
  readonly names: readonly string[];
  readonly leftOut: readonly LeftOut[];
}

/** Runs, models, reports, and files that commands have written among the data. */
const OUTPUT = { what: "outputs of autodidact" };

/** Walks that are under way: all kinds of data look at a folder at the same time, and share one. */
const walks = new Map<string, Promise<Below>>();

/**
 * All files below a folder: sorted relative paths, with `/` between folders. Links are followed, except into cycles.
 * What `isRubbish` is left out unsaid; what is no file, and what commands of ours have written, is counted.
 * @throws UserError when a folder cannot be read
 */
export function filesBelow(folder: string): Promise<Below> {
  const walk = walks.get(folder) ?? walkBelow(folder).finally(() => walks.delete(folder));
  walks.set(folder, walk);
  return walk;
}

async function walkBelow(folder: string): Promise<Below> {
  const names: string[] = [];
  const tally = new Tally();
  const visit = async (path: string, prefix: string, above: readonly string[]): Promise<void> => {
    const failed = (error: unknown) => {
      throw fileError(path, "read", error);
    };
    const real = await realpath(path).catch(failed);
    if (above.includes(real)) return;
    const items = await readdir(path, { withFileTypes: true }).catch(failed);
    const ours = await outputsIn(
      path,
      items.map(({ name }) => name),
    );
    // Whoever names a folder of ours as the data means it.
    if (ours === "all" && above.length > 0) return tally.add(prefix.slice(0, -1), OUTPUT);
    for (const item of items) {
      if (isRubbish(item.name)) continue;
      if (ours !== "all" && ours.has(item.name)) {
        tally.add(`${prefix}${item.name}`, OUTPUT);
        continue;
      }
      const itemPath = join(path, item.name);
      const name = `${prefix}${item.name}`;
      // What is no UTF-8 in a name becomes this character, and then names nothing.
      if (item.name.includes("\ufffd") && !(await lstat(itemPath).catch(() => undefined))) {
        tally.add(name, { what: "with a name that is not UTF-8", advice: "rename them, or use convmv" });
        continue;
      }
      const kind = item.isSymbolicLink() ? await stat(itemPath).catch(() => item) : item;
      if (kind.isDirectory()) await visit(itemPath, `${name}/`, [...above, real]);
      else if (kind.isFile() || kind.isSymbolicLink()) names.push(name);
      else tally.add(name, { what: "pipes, sockets or devices" });
    }
  };
  await visit(folder, "", []);
  return { names: names.sort(), leftOut: tally.leftOut };
}
