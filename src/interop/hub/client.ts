import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { messageOf, UserError } from "../../foundation/errors.ts";

/** The Hub cannot be reached: no network, no such host, no answer in time. */
export class Unreachable extends Error {
  override name = "Unreachable";
}

/** How long the Hub may be silent, in milliseconds. */
const SILENCE_MS = 60_000;

/** The Hub's address, `HF_ENDPOINT` or Hugging Face's own. @throws UserError when it is no address */
export function endpointOf(environment: NodeJS.ProcessEnv): string {
  const { HF_ENDPOINT: given } = environment;
  if (!given) return "https://huggingface.co";
  const url = URL.parse(given);
  if (!url || !/^https?:$/.test(url.protocol))
    throw new UserError(`HF_ENDPOINT is ${JSON.stringify(given.slice(0, 100))}; it must be an address, https://…`);
  return given.replace(/\/+$/, "");
}

/** Whether the user wants no network: `HF_HUB_OFFLINE`. */
export const isOffline = ({ HF_HUB_OFFLINE: value = "" }: NodeJS.ProcessEnv): boolean =>
  /^(?:1|on|yes|true)$/i.test(value);

/**
 * The user's token: `HF_TOKEN`, or the file that `hf auth login` writes.
 * @throws UserError when it cannot be one; the message does not repeat it
 */
export async function tokenOf(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { HF_TOKEN: given, HF_TOKEN_PATH: path, HF_HOME: home, XDG_CACHE_HOME: caches } = environment;
  const file = path ?? join(home ?? join(caches ?? join(homedir(), ".cache"), "huggingface"), "token");
  const token = (given ?? (await readFile(file, "utf8").catch(() => ""))).trim();
  if (token === "") return undefined;
  if (/^hf_\w+$/.test(token)) return token;
  throw new UserError(`${given === undefined ? file : "HF_TOKEN"}: not a token of the Hub (they begin with hf_)`);
}

/** `fetch` that ends when the user stops or the Hub is silent, and says so when the Hub cannot be reached. */
export function patientFetch(endpoint: string, signal: AbortSignal | undefined) {
  const silence = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let failure: unknown;
  /** Starts the time again. */
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(new Unreachable(`${endpoint} is silent`)), SILENCE_MS).unref();
  };
  const ask: typeof fetch = async (input, init) => {
    heard();
    const signals = [silence.signal, ...(signal ? [signal] : [])];
    try {
      return await fetch(input, { ...init, signal: AbortSignal.any(signals) });
    } catch (error) {
      failure = signal?.aborted ? signal.reason : reachable(endpoint, error);
      throw failure;
    }
  };
  return {
    ask,
    heard,
    /** What went wrong, where the library only passes a text on. */
    failure: (error: unknown): unknown => (signal?.aborted ? signal.reason : (failure ?? reachable(endpoint, error))),
    end: (): void => clearTimeout(timer),
  };
}

/** An error of the connection as `Unreachable`; others unchanged. */
function reachable(endpoint: string, error: unknown): unknown {
  if (error instanceof Unreachable || !(error instanceof TypeError)) return error;
  const { cause } = error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : messageOf(cause ?? error);
  return new Unreachable(`${endpoint} cannot be reached (${code})`);
}

/** What an answer's status means, on one line. @param name owner and name */
export function refusal(name: string, revision: string, endpoint: string, status: number, message: string): UserError {
  const why = (): string => {
    if (status === 401 || status === 403)
      return `there is no such model, or it may not be read without a token; set HF_TOKEN, and accept its terms at ${endpoint}/${name}`;
    if (status === 404 && /rev/i.test(message)) return `has no revision "${revision}"`;
    if (status === 404) return "there is no such model";
    if (status === 429) return "the Hub asks to wait: too many requests; set HF_TOKEN, or try again later";
    return `the Hub answered with status ${status}`;
  };
  return new UserError(`${name}: ${why()}`);
}
