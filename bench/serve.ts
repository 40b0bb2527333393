/**
 * `autodidact serve` under load: a run on small pictures in a process of its own, asked for vectors by autocannon over
 * 1, 8 and 64 connections, each with one request at a time; then it is told to stop under load, and what was lost is
 * counted. Latency in milliseconds as the client sees it, requests per second, samples per batch as the server counts.
 *
 *   npm run bench:serve -- [SECONDS] [--json]   # 10 seconds for each; writes bench/results/serve.json
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import autocannon from "autocannon";
import { codeOf } from "../src/foundation/files.ts";
import { benchArguments } from "./arguments.ts";
import { ENCODER, root, servedRun, startServer } from "./served.ts";

const { words, has } = benchArguments("npm run bench:serve -- [SECONDS] [--json]");
const seconds = Number(words[0] ?? 10);

interface Load {
  readonly latencies: number[];
  readonly statuses: Record<string, number>;
  /** Requests without an answer. */
  readonly errors: number;
  readonly seconds: number;
}

/** Asks over so many connections; autocannon's own percentiles leave the 95th out, so every latency is kept. */
async function load(url: string, connections: number, duration: number, requests: autocannon.Request[]): Promise<Load> {
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  const { errors, duration: took } = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon({ url: `${url}/embed`, connections, duration, requests }, (error, result) =>
      error ? reject(error) : resolve(result),
    );
    instance.on("response", (_client, status, _bytes, milliseconds) => {
      latencies.push(milliseconds);
      statuses[status] = (statuses[status] ?? 0) + 1;
    });
  });
  return { latencies, statuses, errors, seconds: took };
}

const percentile = (sorted: readonly number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;

/** Samples and batches so far, by the server's own count. */
async function counted(url: string): Promise<{ rows: number; batches: number }> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const value = (name: string) => Number(new RegExp(`^${name}\\{program="embed"\\} (\\S+)$`, "m").exec(text)?.[1] ?? 0);
  return { rows: value("autodidact_batch_rows_sum"), batches: value("autodidact_batch_rows_count") };
}

/**
 * Clients that ask again and again over connections they keep, until they are refused one; the server is told to stop
 * while all of them wait for answers.
 */
async function stoppedUnderLoad(url: string, bodies: readonly Buffer[], stop: () => void) {
  const counts = { sent: 0, answered: 0, refused: 0, lost: 0 };
  const ask = (agent: Agent, body: Buffer) =>
    new Promise<boolean>((resolve) => {
      counts.sent++;
      const asked = request(`${url}/embed`, { method: "POST", agent, headers: { "content-type": "image/jpeg" } });
      asked.once("response", (answer) => {
        answer.resume().once("end", () => {
          counts.answered++;
          if (counts.answered === 500) stop();
          resolve(true);
        });
      });
      asked.once("error", (error) => {
        // A connection that was never made carried no request.
        if (codeOf(error) === "ECONNREFUSED") counts.refused++;
        else counts.lost++;
        resolve(false);
      });
      asked.end(body);
    });
  await Promise.all(
    Array.from({ length: 64 }, async (_, client) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let count = client; await ask(agent, bodies[count % bodies.length]!); count++);
      agent.destroy();
    }),
  );
  return counts;
}

const folder = await mkdtemp(join(tmpdir(), "autodidact-serve-"));
try {
  const { run, bodies, side } = await servedRun(folder);
  const { url, stop: tell, exited } = await startServer(run);
  const requests: autocannon.Request[] = bodies.map((body) => ({
    method: "POST",
    headers: { "content-type": "image/jpeg" },
    body,
  }));

  const rows = [];
  if (!has("json")) console.log("connections  requests/s   p50 ms   p95 ms   p99 ms  samples/batch  not 200");
  for (const connections of [1, 8, 64]) {
    await load(url, connections, Math.min(2, seconds), requests);
    const before = await counted(url);
    const { latencies, statuses, errors, seconds: took } = await load(url, connections, seconds, requests);
    const after = await counted(url);
    latencies.sort((a, b) => a - b);
    const row = {
      connections,
      requests_per_second: latencies.length / took,
      p50_ms: percentile(latencies, 0.5),
      p95_ms: percentile(latencies, 0.95),
      p99_ms: percentile(latencies, 0.99),
      samples_per_batch: (after.rows - before.rows) / (after.batches - before.batches),
      requests: latencies.length,
      statuses,
      errors,
    };
    rows.push(row);
    if (!has("json"))
      console.log(
        [
          String(connections).padStart(11),
          row.requests_per_second.toFixed(0).padStart(12),
          ...[row.p50_ms, row.p95_ms, row.p99_ms].map((value) => value.toFixed(1).padStart(9)),
          row.samples_per_batch.toFixed(1).padStart(15),
          String(latencies.length - (statuses["200"] ?? 0) + errors).padStart(9),
        ].join(""),
      );
  }

  const stop = await stoppedUnderLoad(url, bodies, tell);
  const code = await exited;
  const report = {
    machine: `${cpus().length} × ${cpus()[0]?.model}`,
    node: process.version,
    encoder: { name: "vit", ...ENCODER, imageSize: side },
    seconds,
    rows,
    stop: { ...stop, exitCode: code },
  };
  await mkdir(join(root, "bench", "results"), { recursive: true });
  await writeFile(join(root, "bench", "results", "serve.json"), `${JSON.stringify(report, null, 2)}\n`);
  if (has("json")) console.log(JSON.stringify(report, null, 2));
  else
    console.log(
      `stopped under load: ${stop.answered} answered, ${stop.refused} refused a connection, ${stop.lost} lost; exit code ${code}`,
    );
} finally {
  await rm(folder, { recursive: true, force: true });
}
