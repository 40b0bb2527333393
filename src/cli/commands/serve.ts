import { once } from "node:events";
import { serve, UserError } from "../../index.ts";
import { abortOnInterrupt } from "../interrupt.ts";
import { wholeNumber } from "../numbers.ts";
import { openedRun, RUN } from "../opened-run.ts";
import { complain, print, printJson } from "../output.ts";
import type { Configure } from "../table.ts";

interface Flags {
  readonly port: string;
  readonly host: string;
  readonly in?: string;
  readonly maxBody: string;
  readonly bodyMemory?: string;
  readonly maxConnections: string;
  readonly drain: string;
  readonly allowHost?: string[];
  readonly allowOrigin?: string[];
  readonly queue: string;
  readonly batch: string;
  readonly wait: string;
  readonly threads?: string;
  readonly json?: boolean;
}

export const configure: Configure = (command) =>
  command
    .argument("<run>", RUN)
    .option("--port <number>", "port to listen on; 0: any free port", "8080")
    .option(
      "--host <address>",
      "address to listen on; 0.0.0.0 accepts other machines (there is no authentication)",
      "127.0.0.1",
    )
    .option("--in <file>", "Parquet file written by `autodidact embed`, for /search")
    .option("--max-body <size>", "largest request body: bytes, or with kb, mb or gb", "10mb")
    .option("--body-memory <size>", "most memory for bodies that arrive or are not decoded yet; 256mb by default")
    .option("--max-connections <count>", "most connections; further ones replace those that do nothing", "1024")
    .option("--drain <time>", "how long new connections are still accepted when stopping", "5s")
    .option("--allow-host <names...>", "names of this server besides its address: a proxy's, a machine's")
    .option("--allow-origin <origins...>", "origins of pages elsewhere that may use this server")
    .option("--queue <count>", "most samples in the queue; more are refused with status 503", "256")
    .option("--batch <count>", "largest batch, in samples", "32")
    .option("--wait <ms>", "milliseconds that a sample waits for its batch to fill", "2")
    .option("--threads <count>", "threads within an operator; all cores by default")
    .option("--json", "print the URL and the routes as JSON")
    .addHelpText(
      "after",
      '\nExamples:\n  autodidact serve runs/photos --in photos.parquet\n  curl -H \'content-type: image/jpeg\' --data-binary @cat.jpg http://127.0.0.1:8080/embed\n  curl --json \'{"input": "a film that moved me"}\' http://127.0.0.1:8080/predict\n  curl --json \'{"input": "red fruit"}\' http://127.0.0.1:8080/search   # runs/clip --in images.parquet: images by words',
    )
    .action(async (path: string, flags: Flags) => {
      const port = wholeNumber("port", flags.port, 0);
      if (port > 65_535) throw new UserError(`--port ${flags.port}: must be at most 65535`);
      const { signal, release } = abortOnInterrupt(() =>
        complain("stopping: accepted requests are finished; Ctrl-C again quits at once"),
      );
      try {
        const server = await serve({
          run: await openedRun(path),
          port,
          host: flags.host,
          in: flags.in,
          maxBody: byteCount("max-body", flags.maxBody),
          bodyMemory: flags.bodyMemory === undefined ? undefined : byteCount("body-memory", flags.bodyMemory),
          maxConnections: wholeNumber("max-connections", flags.maxConnections),
          drainMs: milliseconds("drain", flags.drain),
          allowHosts: flags.allowHost,
          allowOrigins: flags.allowOrigin,
          queue: wholeNumber("queue", flags.queue),
          batch: wholeNumber("batch", flags.batch),
          waitMs: wholeNumber("wait", flags.wait, 0),
          threads: flags.threads === undefined ? undefined : wholeNumber("threads", flags.threads),
          onError: (_, message) => complain(`internal error: ${message}`),
        });
        if (flags.json) printJson({ url: server.url, routes: server.routes });
        else print(`${server.url}: POST ${server.routes.join(", ")}; GET /health, /metrics`);
        if (!signal.aborted) await once(signal, "abort");
        await server.stop();
      } finally {
        release();
      }
    });

/** @throws UserError naming the flag when the text is not a time such as 5s or 500ms */
function milliseconds(flag: string, text: string): number {
  const [, count = "", unit = ""] = /^(\d{1,6}(?:\.\d+)?)\s*(ms|s)$/.exec(text.toLowerCase().trim()) ?? [];
  if (count !== "") return Number(count) * (unit === "s" ? 1000 : 1);
  throw new UserError(`--${flag} ${text}: must be a time such as 5s or 500ms`);
}

const units = { "": 1, b: 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30 } as const;
const isUnit = (text: string): text is keyof typeof units => text in units;

/** @throws UserError naming the flag when the text is not a size such as 500kb or 10mb */
function byteCount(flag: string, text: string): number {
  const [, count = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/.exec(text.toLowerCase().trim()) ?? [];
  const bytes = isUnit(unit) ? Math.floor(Number(count) * units[unit]) : 0;
  if (bytes > 0) return bytes;
  throw new UserError(`--${flag} ${text}: must be a size such as 500kb, 10mb or 1gb`);
}
