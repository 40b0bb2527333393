/**
 * `autodidact serve` among strangers: an honest client asks for a vector every 50 ms on a connection of its own while
 * others do what they should not, only over loopback and for some seconds each. Counted: the honest client's responses
 * with status 200 within two seconds. Then ten stops under load, of clients that keep their connections and of clients
 * that make a new one for every request; lost is what was sent and got no response.
 *
 *   npm run bench:hostile-server -- [SECONDS] [--json]   # 6 seconds for each; writes bench/results/hostile-server.json
 */
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { codeOf } from "../src/foundation/files.ts";
import { benchArguments } from "./arguments.ts";
import { attackNames } from "./hostile-server/names.ts";
import { root, servedRun, startServer } from "./served.ts";

const { words, has } = benchArguments("npm run bench:hostile-server -- [SECONDS] [--json]");
const seconds = Number(words[0] ?? 6);
const STOPS = 10;
const CLIENTS = 16;

/** A status, or what became of the connection. */
type Outcome = number | "refused" | "lost";

/** Asks for a picture's vector. */
const ask = (url: string, body: Buffer, agent?: Agent, patience = 10_000) =>
  new Promise<Outcome>((resolve) => {
    const sent = request(`${url}/embed`, {
      method: "POST",
      ...(agent ? { agent } : { agent: false }),
      headers: { "content-type": "image/jpeg", "content-length": body.length },
      timeout: patience,
    });
    sent.once("response", (response) => response.resume().once("end", () => resolve(response.statusCode ?? 0)));
    sent.once("timeout", () => sent.destroy(new Error("timeout")));
    // A connection that was never made carried no request.
    sent.once("error", (error) => resolve(codeOf(error) === "ECONNREFUSED" ? "refused" : "lost"));
    sent.end(body);
  });

/** Lets others do what they should not, in a thread of their own. @returns what ends it */
async function attacked(url: string, name: string, picture: Buffer): Promise<() => Promise<unknown>> {
  const worker = new Worker(new URL("./hostile-server/attacks.ts", import.meta.url), {
    workerData: { url, name, picture },
  });
  await once(worker, "online");
  return () => worker.terminate();
}

/** The honest client's requests for some seconds. */
async function honest(url: string, bodies: readonly Buffer[]) {
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  const asked: Promise<void>[] = [];
  for (const end = performance.now() + 1000 * seconds; performance.now() < end; await sleep(50)) {
    const began = performance.now();
    const one = ask(url, bodies[asked.length % bodies.length]!).then((outcome) => {
      latencies.push(performance.now() - began);
      const within = latencies.at(-1)! <= 2000;
      const name = within ? String(outcome) : "late";
      statuses[name] = (statuses[name] ?? 0) + 1;
    });
    asked.push(one);
  }
  await Promise.all(asked);
  latencies.sort((a, b) => a - b);
  return {
    requests: latencies.length,
    statuses,
    p50_ms: latencies[Math.floor(latencies.length / 2)]!,
    p99_ms: latencies[Math.floor(latencies.length * 0.99)]!,
  };
}

/** Most memory that a process has had, in MB. */
async function peak(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024);
}

/** Clients that ask without a pause, until a connection is refused; the server is told to stop meanwhile. */
async function stopUnderLoad(run: string, bodies: readonly Buffer[], keepAlive: boolean) {
  const server = await startServer(run, "--drain", "1s");
  const counts = { answered: 0, notOk: 0, refused: 0, lost: 0 };
  const client = async (number: number) => {
    const agent = keepAlive ? new Agent({ keepAlive: true, maxSockets: 1 }) : undefined;
    for (let count = number; ; count++) {
      const outcome = await ask(server.url, bodies[count % bodies.length]!, agent, 30_000);
      if (outcome === "lost") counts.lost++;
      else if (outcome === "refused") counts.refused++;
      else counts.answered++;
      if (outcome !== 200) counts.notOk += typeof outcome === "number" ? 1 : 0;
      // Only what was sent can be lost; a connection that is refused ends the client.
      if (outcome === "refused") break;
    }
    agent?.destroy();
  };
  const clients = Array.from({ length: CLIENTS }, (_, number) => client(number));
  await sleep(700);
  server.stop();
  await sleep(20);
  const health = await fetch(`${server.url}/health`).then(({ status }) => status);
  await Promise.all(clients);
  return { ...counts, health, code: await server.exited };
}

const folder = await mkdtemp(join(tmpdir(), "autodidact-hostile-server-"));
try {
  const { run, bodies } = await servedRun(folder);
  const rows = [];
  for (const name of attackNames) {
    const server = await startServer(run);
    for (let count = 0; count < 10; count++) await ask(server.url, bodies[count]!);
    const end = await attacked(server.url, name, bodies[0]!);
    await sleep(1000);
    const result = await honest(server.url, bodies);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    await end();
    const errors = [...metrics.matchAll(/status="500"\} (\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
    const peakMb = await peak(server.pid);
    server.stop();
    const code = await server.exited;
    const said = server.said().split("\n").length - 1;
    const share = (result.statuses["200"] ?? 0) / result.requests;
    const row = { name, share, ...result, errors, peak_mb: peakMb, code, lines: said };
    rows.push(row);
    if (!has("json"))
      console.log(
        `${name.padEnd(42)} ${(100 * share).toFixed(1).padStart(5)} % p50 ${row.p50_ms.toFixed(0)} ms, p99 ${row.p99_ms.toFixed(0)} ms; ${peakMb} MB, ${errors} errors, ${said} lines, exit ${code} ${JSON.stringify(result.statuses)}`,
      );
  }
  const stops = [];
  for (let round = 0; round < STOPS; round++) {
    const kind = round % 2 === 0 ? "kept connections" : "new connections";
    const stop = { kind, ...(await stopUnderLoad(run, bodies, round % 2 === 0)) };
    stops.push(stop);
    if (!has("json")) console.log(JSON.stringify(stop));
  }
  const machine = `${cpus().length} × ${cpus()[0]?.model}`;
  const report = { machine, node: process.version, seconds, rows, stops };
  await mkdir(join(root, "bench", "results"), { recursive: true });
  await writeFile(join(root, "bench", "results", "hostile-server.json"), `${JSON.stringify(report, null, 2)}\n`);
  if (has("json")) console.log(JSON.stringify(report, null, 2));
} finally {
  await rm(folder, { recursive: true, force: true });
}
