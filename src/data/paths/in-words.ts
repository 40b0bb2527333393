import { resolve } from "node:path";
import type { Paths } from "./joined.ts";

/** Paths that a message lists. */
const LISTED = 3;

/** Paths for messages and tables: `2023/, 2024/ and 3 more`. */
export function inWords(paths: Paths): string {
  if (typeof paths === "string") return paths;
  const listed = paths.slice(0, paths.length > LISTED + 1 ? LISTED : paths.length);
  const rest = paths.length - listed.length;
  return `${listed.join(", ")}${rest > 0 ? ` and ${rest.toLocaleString("en")} more` : ""}`;
}

const listOf = (paths: Paths): readonly string[] => (typeof paths === "string" ? [paths] : paths);

/** Whether paths are the same, in the same order. */
export const areSamePaths = (some: Paths, others: Paths): boolean =>
  listOf(some).length === listOf(others).length &&
  listOf(some).every((path, at) => resolve(path) === resolve(listOf(others)[at]!));

/** Paths as a text, for the metadata of files: one as it is, several as JSON. */
export const toText = (paths: Paths): string => (typeof paths === "string" ? paths : JSON.stringify(paths));

/** Paths from `toText`. */
export function fromText(text: string): Paths {
  // An absolute path never begins so.
  if (!text.startsWith("[")) return text;
  try {
    const paths: unknown = JSON.parse(text);
    return Array.isArray(paths) && paths.every((path) => typeof path === "string") ? paths : text;
  } catch {
    return text;
  }
}
