import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { crc32 } from "node:zlib";
import { codeOf } from "./errors.ts";

/*
 * Which process wrote a file: its mark is in the names of temporary files and folders, so that what a killed process left
 * behind can be told from what is in use.
 */

/** State of a process (`R`, `S`, `T` …; `Z` when it has ended) and its start in the kernel's ticks, where /proc has them. */
export function statusOf(pid: number): { readonly state?: string; readonly started?: string } {
  try {
    // The name in parentheses may have spaces; the state is the first field behind it, the start the twentieth.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return { state: fields[0], started: fields[19] };
  } catch {
    return {};
  }
}

/** Whether a process with that pid exists. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** Identifies the machine, and the container on it, that a pid belongs to. */
function machine(): string {
  let space = "";
  try {
    space = readlinkSync("/proc/self/ns/pid");
  } catch {
    // Not Linux: pids belong to the machine.
  }
  return crc32(`${hostname()} ${space}`).toString(16).padStart(8, "0");
}

const MACHINE = machine();

/** `machine-pid-start` of this process. */
export const PROCESS_MARK = `${MACHINE}-${process.pid}-${statusOf(process.pid).started ?? 0}`;

/** The form of a mark, for patterns of names. */
export const MARK = "[0-9a-f]{8}-\\d+-\\d+";

/**
 * Whether a mark's process has ended: `elsewhere` when it ran on another machine or in another container, where its pid
 * says nothing.
 */
export function fateOf(mark: string): "running" | "ended" | "elsewhere" {
  const [where, pid, start] = mark.split("-");
  if (where !== MACHINE) return "elsewhere";
  if (!isRunning(Number(pid))) return "ended";
  const { state, started = start } = statusOf(Number(pid));
  // A killed process stays in the table until its parent asks for it, which in a container may be never.
  return state === "Z" || state === "X" || started !== start ? "ended" : "running";
}
