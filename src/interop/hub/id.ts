import { stat } from "node:fs/promises";
import { dirname } from "node:path";

/** A model on Hugging Face's Hub, at a branch, a tag or a commit. */
export interface HubId {
  /** Owner and name: `facebook/dinov2-small`. */
  readonly name: string;
  /** `main` unless another is named. */
  readonly revision: string;
  /** Whether the revision was named. */
  readonly isExplicit: boolean;
}

const ID = /^(?<name>[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95})(?:@(?<revision>\w[\w.-]*(?:\/\w[\w.-]*)*))?$/;
/** Owners that the Hub's addresses use for other things than models. */
const RESERVED = /^(?:models?|datasets?|spaces?|buckets?|kernels?)\//;

/** Whether a revision is a full commit. */
export const isCommit = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision);

/**
 * Parses `owner/name` or `owner/name@revision`.
 * @returns undefined for what cannot be an id
 *
 * @example
 * parseHubId("facebook/dinov2-small"); // { name: "facebook/dinov2-small", revision: "main", isExplicit: false }
 */
export function parseHubId(text: string): HubId | undefined {
  const { name, revision } = ID.exec(text)?.groups ?? {};
  if (name === undefined || RESERVED.test(name) || /\.\.|--|\.git$/.test(name) || revision?.includes(".."))
    return undefined;
  return { name, revision: revision ?? "main", isExplicit: revision !== undefined };
}

/**
 * The id that an argument names, where it is not a path: nothing lies there, and neither does its first folder, so that
 * `runs/photso` stays a mistyped path. With a revision it is an id whatever lies there.
 */
export async function hubIdOf(argument: string): Promise<HubId | undefined> {
  const id = parseHubId(argument);
  if (!id || id.isExplicit) return id;
  const isThere = (path: string) =>
    stat(path).then(
      () => true,
      () => false,
    );
  return (await isThere(argument)) || (await isThere(dirname(argument))) ? undefined : id;
}
