import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, mock, test } from "node:test";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { gated, json, started } from "./parts.ts";

const timeout = 10_000;
const errors = mock.method(console, "error", () => undefined);
const infos = mock.method(console, "info", () => undefined);
afterEach(() => {
  for (const { mock: calls } of [errors, infos]) {
    const said = calls.calls.map(({ arguments: words }) => words.join(" "));
    calls.resetCalls();
    assert.deepEqual(said, [], "nothing is printed on account of a client");
  }
});

/** A connection that sends what it is given; what comes back is kept. */
async function raw(port: number, ...parts: (string | Uint8Array)[]) {
  const socket = connect({ host: "127.0.0.1", port });
  let received = "";
  socket.setEncoding("latin1").on("data", (text) => {
    received += text;
  });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  for (const part of parts) socket.write(part);
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  return { socket, closed, received: () => received };
}

/** The statuses of all responses to what is sent on one connection, which the server closes. */
async function statuses(port: number, ...parts: (string | Uint8Array)[]): Promise<string[]> {
  const { socket, closed, received } = await raw(port, ...parts);
  const end = setTimeout(() => socket.destroy(), 700);
  await closed;
  clearTimeout(end);
  return [...received().matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status!);
}

const head = (length: number | string, ...more: string[]) =>
  ["POST /embed HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", `Content-Length: ${length}`, ...more]
    .concat("", "")
    .join("\r\n");
const BODY = '{"input":"7"}';

test("slow bodies take no places in the queue, and end for themselves", { timeout }, async () => {
  const { url, port, stop, arriving, metrics } = await started({
    queue: 8,
    bodyMemory: 2 ** 20,
    graceMs: 600,
    minRate: 1000,
  });
  const drips = await Promise.all(Array.from({ length: 64 }, () => raw(port, head(100), '{"')));
  while ((await arriving()) < drips.length) await setImmediate();
  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, at) => {
      await sleep(10 * at);
      return (await fetch(`${url}/embed`, json({ input: "7" }))).status;
    }),
  );
  assert.deepEqual(
    answers,
    answers.map(() => 200),
  );
  await Promise.all(drips.map(({ closed }) => closed));
  for (const { received } of drips) {
    assert.match(received(), /^HTTP\/1\.1 408 /);
    assert.match(received(), /the body arrives too slowly: 2 bytes in \d\.\d s; at least 1000 bytes a second/);
  }
  assert.match(await metrics(), /^autodidact_requests_total\{route="\/embed",status="408"\} 64$/m);
  await stop();
});

test("when the memory for bodies is used up, the one that has been arriving longest gives way", {
  timeout,
}, async () => {
  // Three bodies fit.
  const { url, port, stop, arriving } = await started({ maxBody: 10_000, bodyMemory: 27_010 });
  const drips: Awaited<ReturnType<typeof raw>>[] = [];
  for (let count = 1; count <= 3; count++) {
    drips.push(await raw(port, head(9000), " ".repeat(count)));
    while ((await arriving()) < count) await setImmediate();
  }
  assert.equal((await fetch(`${url}/embed`, json({ input: "7" }))).status, 200);
  await drips[0]!.closed;
  assert.match(drips[0]!.received(), /^HTTP\/1\.1 503 .*Retry-After: 1/is);
  assert.equal(await arriving(), 2);
  for (const { socket } of drips) socket.destroy();
  await stop();
});

test("connections beyond the limit take the place of those that do nothing", { timeout }, async () => {
  const model = gated();
  const { url, port, stop, samples } = await started({ embed: model.run, queue: 20 }, { maxConnections: 10 });
  const idle = await Promise.all(Array.from({ length: 8 }, () => raw(port, "POST /embed HT")));
  const slow = await Promise.all(Array.from({ length: 8 }, () => raw(port, head(100), "{")));
  assert.equal((await fetch(`${url}/health`)).status, 200);
  await Promise.all(idle.slice(0, 6).map(({ closed }) => closed));
  // Nobody's place is taken who waits for a result.
  const busy = await Promise.all(Array.from({ length: 10 }, () => raw(port, head(BODY.length), BODY)));
  while ((await samples()) < 10) await setImmediate();
  await Promise.all(slow.map(({ closed }) => closed));
  assert.deepEqual(await statuses(port), ["503"]);
  model.open();
  for (const { received } of busy) while (!received().includes("[7,-7]")) await setImmediate();
  for (const { socket } of busy) socket.destroy();
  await stop();
});

test("clients that hang up are no errors, and their samples are not computed", { timeout }, async () => {
  const model = gated();
  const reported: unknown[] = [];
  const { url, port, stop, samples, arriving, metrics } = await started({
    embed: model.run,
    batch: 1,
    onError: (error) => reported.push(error),
  });
  const first = fetch(`${url}/embed`, json({ input: "1" }));
  while ((await samples()) < 1) await setImmediate();
  const hangUp = async (sockets: { socket: Socket }[], reset: boolean) => {
    for (const { socket } of sockets) reset ? socket.resetAndDestroy() : socket.destroy();
  };
  const send = (...parts: string[]) => Promise.all([raw(port, ...parts), raw(port, ...parts)]);
  const half = await send(head(100), "{");
  const chunked = await send(head(100).replace("Content-Length: 100", "Transfer-Encoding: chunked"), "5\r\n{");
  const whole = await send(head(BODY.length), BODY);
  while ((await samples()) < 3 || (await arriving()) < 4) await setImmediate();
  for (const sent of [half, chunked, whole]) {
    await hangUp(sent.slice(0, 1), true);
    await hangUp(sent.slice(1), false);
  }
  while ((await samples()) > 1 || (await arriving()) > 0) await setImmediate();
  model.open();
  assert.equal((await first).status, 200);
  const text = await metrics();
  assert.match(text, /^autodidact_clients_gone_total\{route="\/embed"\} 6$/m);
  assert.match(text, /^autodidact_requests_total\{route="\/embed",status="200"\} 1$/m);
  assert.doesNotMatch(text, /status="(4|5)/);
  assert.match(text, /^autodidact_batch_rows_sum\{program="embed"\} 1$/m);
  assert.deepEqual(reported, []);
  await stop();
});

test("requests that two servers could read differently are refused", { timeout }, async () => {
  const { port, stop } = await started();
  const chunked = '5\r\n{"inp\r\n0\r\n\r\n';
  const cases: [string, string, string[]][] = [
    ["a length and chunks", head(5, "Transfer-Encoding: chunked") + chunked, ["400"]],
    ["two lengths", `${head(5, "Content-Length: 6")}{"inp`, ["400"]],
    ["a negative length", head(-1) + BODY, ["400"]],
    ["a length with a sign", head("+13") + BODY, ["400"]],
    ["a length beyond all numbers", head("9".repeat(30)) + BODY, ["400"]],
    ["chunks of no size", `${head(5).replace("Content-Length: 5", "Transfer-Encoding: chunked")}zz\r\n`, ["400"]],
    ["two hosts", head(BODY.length, "Host: evil.example") + BODY, ["400"]],
    ["no host", "GET /health HTTP/1.1\r\n\r\n", ["400"]],
    ["a header of 20 kB", `GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, ["431"]],
    ["no HTTP", "\u0016\u0003\u0001\u0002\u0000", ["400"]],
    ["a target that is no path", "GET health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", ["400"]],
    ["a body longer than said", `${head(BODY.length) + BODY}{{{`, ["400"]],
  ];
  for (const [what, text, expected] of cases) assert.deepEqual(await statuses(port, text), expected, what);
  // What a connection sends at once is answered in order, up to a bound.
  const pipelined = await statuses(port, head(BODY.length).concat(BODY).repeat(40));
  assert.equal(pipelined.length, 40);
  assert.ok(pipelined.every((status) => ["200", "429", "503"].includes(status)));
  await stop();
});

test("chunks of a byte each are gathered in one buffer", { timeout }, async () => {
  const { port, stop } = await started();
  const text = [...JSON.stringify({ input: "7".padStart(3000) })].map((one) => `1\r\n${one}\r\n`).join("");
  const { socket, received } = await raw(
    port,
    head(0).replace("Content-Length: 0", "Transfer-Encoding: chunked"),
    text,
  );
  socket.write("0\r\n\r\n");
  while (!received().includes("[7,-7]")) await setImmediate();
  socket.destroy();
  await stop();
});
