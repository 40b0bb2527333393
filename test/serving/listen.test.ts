import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { codeOf } from "../../src/foundation/files.ts";
import { listen } from "../../src/serving/listen.ts";
import { jsonOf } from "../support/http.ts";
import { gated, started } from "./parts.ts";

const post = { method: "POST", headers: { "content-type": "application/json" } };

async function embed(url: string, value: number, agent?: Agent): Promise<IncomingMessage & { vector?: number[] }> {
  const sent = request(`${url}/embed`, { ...post, agent });
  sent.end(JSON.stringify({ input: String(value) }));
  const [answer] = await once(sent, "response");
  return Object.assign(answer, { vector: JSON.parse(await text(answer)).embeddings?.[0] });
}

const timeout = 60_000;

test("stopping loses nothing: what comes while requests are in progress is answered, then connections are refused", {
  timeout,
}, async () => {
  const model = gated();
  const { url, stop, samples } = await started({ embed: model.run, queue: 100 });
  const answers = Array.from({ length: 20 }, (_, at) => embed(url, at + 1));
  while ((await samples()) < 20) await setImmediate();
  let hasStopped = false;
  const stopped = stop().then(() => {
    hasStopped = true;
  });
  assert.equal((await fetch(`${url}/health`)).status, 503);
  answers.push(...Array.from({ length: 20 }, (_, at) => embed(url, at + 21)));
  while ((await samples()) < 40) await setImmediate();
  assert.equal(hasStopped, false);
  model.open();
  for (const [at, answer] of (await Promise.all(answers)).entries()) {
    assert.deepEqual([answer.statusCode, answer.vector], [200, [at + 1, -at - 1]]);
    assert.equal(answer.headers.connection, "close");
  }
  await stopped;
  assert.equal(await accepts(url), false);
  await stop();
});

test("clients that go on over new connections until they are refused one lose nothing", { timeout }, async () => {
  for (let round = 0; round < 2; round++) {
    const { url, stop } = await started({ queue: 100 }, { drainMs: 300 });
    let answered = 0;
    const client = async (number: number) => {
      for (let count = 0; ; count++) {
        const value = 1 + 1000 * number + count;
        const answer = await embed(url, value).catch((error: unknown) => codeOf(error));
        if (answer === "ECONNREFUSED") return;
        assert.ok(typeof answer === "object", `lost: ${answer}`);
        assert.deepEqual([answer.statusCode, answer.vector], [200, [value, -value]]);
        answered++;
      }
    };
    const clients = Promise.all(Array.from({ length: 16 }, (_, number) => client(number)));
    while (answered < 50) await setImmediate();
    const before = answered;
    await Promise.all([stop(), clients]);
    assert.ok(answered > before);
  }
});

test("new connections are accepted no longer than the drain", { timeout }, async () => {
  const { url, stop } = await started({}, { drainMs: 300 });
  let lastAccepted = 0;
  const began = performance.now();
  const stopped = stop();
  while (await accepts(url)) lastAccepted = performance.now();
  assert.ok(lastAccepted - began >= 250, `${lastAccepted - began} ms`);
  await stopped;
});

const accepts = (url: string) =>
  new Promise<boolean>((resolve) => {
    const socket = connect({ host: "127.0.0.1", port: Number(new URL(url).port) });
    socket.once("connect", () => socket.destroy()).once("error", () => resolve(false));
    socket.once("close", (failed) => resolve(!failed));
  });

test("clients that keep their connections busy are all answered until a response closes the connection", {
  timeout,
}, async () => {
  const { url, stop } = await started({ queue: 100 });
  let answered = 0;
  let toldToClose = 0;
  const client = async (number: number) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let count = 0; ; count++) {
      const value = 1 + 1000 * number + count;
      const answer = await embed(url, value, agent);
      assert.deepEqual(answer.vector, [value, -value]);
      answered++;
      if (answer.headers.connection !== "close") continue;
      toldToClose++;
      return agent.destroy();
    }
  };
  const clients = Promise.all(Array.from({ length: 8 }, (_, number) => client(number)));
  while (answered < 100) await setImmediate();
  await Promise.all([stop(), clients]);
  assert.equal(toldToClose, 8);
});

test("a request that is half sent when the server stops is answered when it is complete", { timeout }, async () => {
  const { url, stop, arriving } = await started({}, { drainMs: 0 });
  const sent = request(`${url}/embed`, post);
  sent.write('{"input":');
  while ((await arriving()) < 1) await setImmediate();
  const stopped = stop();
  while (await accepts(url)) await setImmediate();
  sent.end('"42"}');
  const [answer] = await once(sent, "response");
  assert.deepEqual(JSON.parse(await text(answer)).embeddings, [[42, -42]]);
  await stopped;
});

test("idle connections do not keep the server from stopping", { timeout }, async () => {
  const { url, stop } = await started();
  const silent = connect({ host: "127.0.0.1", port: Number(new URL(url).port) });
  await once(silent, "connect");
  const agent = new Agent({ keepAlive: true });
  await embed(url, 1, agent);
  const closed = once(silent, "close");
  await stop();
  await closed;
  agent.destroy();
});

test("a client that sends far too much can read its refusal", { timeout }, async () => {
  const { url, stop } = await started({ maxBody: 1000 });
  const answer = await fetch(`${url}/embed`, { ...post, body: "x".repeat(5_000_000) });
  assert.deepEqual([answer.status, await jsonOf(answer)], [413, { error: "the body is larger than 1000 bytes" }]);
  await stop();
});

test("a port that is in use is a UserError of one line", { timeout }, async () => {
  const { url, stop } = await started();
  const port = Number(new URL(url).port);
  await assert.rejects(
    listen(() => new Response(""), { host: "127.0.0.1", port }),
    {
      name: "UserError",
      message: `127.0.0.1:${port}: cannot listen (it is in use)`,
    },
  );
  await stop();
});
