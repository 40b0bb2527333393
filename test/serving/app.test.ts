import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import sharp from "sharp";
import { strangers } from "../../src/serving/strangers.ts";
import { jsonOf } from "../support/http.ts";
import { echo, fakeApp, gated, images, json, numbers } from "./parts.ts";

const png = (red: number) =>
  sharp({ create: { width: 6, height: 5, channels: 3, background: { r: red, g: 0, b: 0 } } })
    .png()
    .toBuffer();

/** Status and body of a refusal, which is JSON with one line. */
async function refusal(answer: Response | Promise<Response>): Promise<[number, string]> {
  const response = await answer;
  const body = await jsonOf(response);
  assert.deepEqual(Object.keys(body), ["error"]);
  assert.doesNotMatch(body.error, /\n/);
  return [response.status, body.error];
}

/** Waits until `samples` samples are in progress. */
async function until(app: ReturnType<typeof fakeApp>, samples: number): Promise<void> {
  while ((await jsonOf(app.request("/health"))).samples !== samples) await setImmediate();
}

test("/embed answers a text and several, in order", async () => {
  const app = fakeApp();
  const one = await app.request("/embed", json({ input: "7" }));
  assert.equal(one.status, 200);
  assert.deepEqual(await jsonOf(one), { dim: 2, embeddings: [[7, -7]] });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 999 }), { minLength: 1, maxLength: 8 }), async (values) => {
      const answer = await app.request("/embed", json({ inputs: values.map(String) }));
      assert.deepEqual(
        (await jsonOf(answer)).embeddings,
        values.map((value) => [value, -value]),
      );
    }),
    { numRuns: 30 },
  );
});

test("/embed answers an image as the body and several as multipart", async () => {
  const app = fakeApp({ reader: images });
  const first = (body: { embeddings: number[][] }) => body.embeddings.map(([red]) => Math.round(255 * red!));
  for (const type of ["image/png", "application/octet-stream", "image/png; charset=binary"]) {
    const answer = await app.request("/embed", {
      method: "POST",
      headers: { "content-type": type },
      body: new Uint8Array(await png(200)),
    });
    assert.deepEqual(first(await jsonOf(answer)), [200]);
  }
  const form = new FormData();
  for (const red of [10, 250, 90]) form.append("files", new Blob([new Uint8Array(await png(red))]), `${red}.png`);
  assert.deepEqual(first(await jsonOf(app.request("/embed", { method: "POST", body: form }))), [10, 250, 90]);
});

test("/predict gives classes with their probabilities, labels, or the value", async () => {
  const run = async (rows: readonly unknown[]) => rows.map(() => Float32Array.of(0.25, 0.625, 0.125));
  const outputs = ["cat", "dog", "eel"];
  const ask = async (task: "classification" | "multi-label" | "regression", names: string[], query = "") => {
    const app = fakeApp({ predictor: { head: { task, outputs: names }, run } });
    const answer = await app.request(`/predict${query}`, json({ inputs: ["1", "2"] }));
    assert.equal(answer.status, 200);
    const body = await jsonOf(answer);
    assert.equal(body.task, task);
    assert.equal(body.predictions.length, 2);
    assert.deepEqual(body.predictions[0], body.predictions[1]);
    return body.predictions[0];
  };
  const dog = { prediction: "dog", probability: 0.625 };
  assert.deepEqual(await ask("classification", outputs), dog);
  assert.deepEqual(await ask("classification", outputs, "?top=2"), {
    ...dog,
    top: [dog, { prediction: "cat", probability: 0.25 }],
  });
  assert.equal((await ask("classification", outputs, "?top=99")).top.length, 3);
  assert.deepEqual(await ask("multi-label", outputs), {
    predictions: ["dog"],
    probabilities: { cat: 0.25, dog: 0.625, eel: 0.125 },
  });
  assert.deepEqual(await ask("regression", ["value"]), { value: 0.25 });
});

test("/search gives each sample's neighbours", async () => {
  const index = {
    nearest: (vector: Float32Array, top: number) =>
      Array.from({ length: top }, (_, rank) => ({ path: `${vector[0]}.${rank}`, similarity: 1 / (1 + rank) })),
  };
  const app = fakeApp({ index });
  const answer = await app.request("/search?top=2", json({ inputs: ["3", "4"] }));
  assert.deepEqual(
    (await jsonOf(answer)).neighbours.map((list: { path: string }[]) => list.map(({ path }) => path)),
    [
      ["3.0", "3.1"],
      ["4.0", "4.1"],
    ],
  );
  const all = await app.request("/search", json({ input: "3" }));
  assert.equal((await jsonOf(all)).neighbours[0].length, 10);
});

test("missing routes, heads and indexes, and wrong methods, are refused in JSON", async () => {
  const app = fakeApp();
  assert.deepEqual(await refusal(app.request("/predict", json({ input: "1" }))), [404, "this run has no head"]);
  const [status, error] = await refusal(app.request("/search", json({ input: "1" })));
  assert.equal(status, 404);
  assert.match(error, /--in embeddings.parquet/);
  assert.deepEqual(await refusal(app.request("/")), [
    404,
    "no route /; there are: /embed, /predict, /search, /health, /metrics",
  ]);
  const wrongMethod = await app.request("/embed");
  assert.equal(wrongMethod.headers.get("allow"), "POST");
  assert.deepEqual(await refusal(wrongMethod), [405, "/embed takes POST, not GET"]);
});

test("a body that cannot be decoded is refused with the reason", async () => {
  const texts = fakeApp();
  const cases: [unknown, number, RegExp][] = [
    ["{", 422, /^the body is not JSON in UTF-8 \(/],
    ["", 422, /^the body is not JSON in UTF-8 \(/],
    [{ input: 5 }, 422, /^the body must be \{"input": "…"\} or/],
    [{ inputs: [] }, 422, /^the body must be/],
    [{ input: "1", inputs: ["2"] }, 422, /^the body must be/],
    [null, 422, /^the body must be/],
    [{ inputs: ["1", " \n"] }, 422, /^input 2 is empty$/],
    [{ inputs: Array.from({ length: 9 }, () => "1") }, 413, /^9 samples in a request; at most 8$/],
  ];
  for (const [body, status, message] of cases) {
    const [actual, error] = await refusal(texts.request("/embed", json(body)));
    assert.deepEqual([actual, message.test(error)], [status, true], `${JSON.stringify(body)}: ${error}`);
  }
  const latin1 = { ...json(""), body: Uint8Array.of(...Buffer.from('{"input":"caf'), 0xe9, ...Buffer.from('"}')) };
  assert.match((await refusal(texts.request("/embed", latin1)))[1], /not JSON in UTF-8/);
  const plain = { method: "POST", headers: { "content-type": "text/plain" }, body: "hello" };
  assert.deepEqual(await refusal(texts.request("/embed", plain)), [
    415,
    'content type text/plain is not supported; send JSON (application/json): {"input": "…"} or {"inputs": ["…", …]}',
  ]);

  const app = fakeApp({ reader: images });
  const post = (body: NonNullable<RequestInit["body"]>, type?: string) =>
    refusal(app.request("/embed", { method: "POST", body, ...(type ? { headers: { "content-type": type } } : {}) }));
  assert.deepEqual(await post("hello", "image/jpeg"), [422, "the body: not a decodable image (text, not an image)"]);
  assert.deepEqual(await post(new Uint8Array((await png(3)).subarray(0, 60)), "image/png"), [
    422,
    "the body: not a decodable image (truncated PNG)",
  ]);
  assert.equal((await post("{}", "application/json"))[0], 415);
  const mixed = new FormData();
  mixed.append("files", new Blob([new Uint8Array(await png(1))]), "good.png");
  mixed.append("files", new Blob(["no picture"]), "bad.png");
  assert.deepEqual(await post(mixed), [422, "bad.png: not a decodable image (text, not an image)"]);
  const field = new FormData();
  field.append("name", "value");
  assert.deepEqual(await post(field), [422, "field name is text, not a file"]);
  assert.deepEqual(await post(new FormData()), [422, "the body has no file in it"]);
  assert.match((await post("nonsense", "multipart/form-data; boundary=x"))[1], /^the body is not multipart/);
  for (const top of ["0", "-1", "x", "1.5", ""])
    assert.equal(
      (await refusal(fakeApp({ index: { nearest: () => [] } }).request(`/search?top=${top}`, json({ input: "1" }))))[0],
      422,
    );
});

test("boundaries of any length, names with signs that a terminal obeys, and many parts", async () => {
  const app = fakeApp({ reader: images });
  const picture = await png(200);
  const multipart = (boundary: string, name: string, body: Uint8Array, count = 1) => {
    const part = [
      `--${boundary}\r\nContent-Disposition: form-data; name="files"; filename="${name}"\r\n`,
      "Content-Type: image/png\r\n\r\n",
      body,
      "\r\n",
    ];
    const parts = [...Array.from({ length: count }, () => part).flat(), `--${boundary}--\r\n`];
    return {
      method: "POST",
      headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
      body: new Uint8Array(Buffer.concat(parts.map((one) => Buffer.from(one)))),
    };
  };
  for (const boundary of ["x", "--", "a".repeat(26), "a".repeat(70)])
    assert.equal((await app.request("/embed", multipart(boundary, "a.png", picture))).status, 200, boundary);
  assert.deepEqual(await refusal(app.request("/embed", multipart("x", "a.png", picture, 9))), [
    413,
    "more than 8 samples in a request; at most 8",
  ]);
  const [status, error] = await refusal(
    app.request("/embed", multipart("x", `\u001b[31m\u202egnp.${"a".repeat(1000)}`, Buffer.from("no picture"))),
  );
  assert.equal(status, 422);
  assert.match(error, /^\ufffd\[31m\ufffdgnp\.a+…$/);
  assert.ok(error.length <= 300);
  const cut = multipart("x", "a.png", picture);
  for (const end of [10, 60, cut.body.length - 4])
    assert.equal((await refusal(app.request("/embed", { ...cut, body: cut.body.subarray(0, end) })))[0], 422);
  const unnamed = { ...cut, headers: { "content-type": "multipart/form-data" } };
  assert.match((await refusal(app.request("/embed", unnamed)))[1], /no boundary/);
});

test("work that would hold up everybody is refused before it begins", async () => {
  const app = fakeApp({ maxBody: 10 * 2 ** 20, bodyMemory: 2 ** 25 });
  const cases: [string, number, RegExp][] = [
    [`{"inputs":${"[".repeat(2 ** 21)}`, 422, /^the body must be/],
    [`{"inputs":["a"${',"a"'.repeat(2 ** 19)}]}`, 413, /^524289 samples in a request; at most 8$/],
    [`{${Array.from({ length: 2 ** 16 }, (_, at) => `"${at}":1`).join()}}`, 413, /^65536 samples/],
    [JSON.stringify({ inputs: ["a", "a".repeat(2 ** 14 + 1)] }), 413, /^input 2 has 16385 characters; at most 16384$/],
    [JSON.stringify({ input: "a".repeat(2 ** 22) }), 413, /^JSON of 4194316 bytes; at most 4194304$/],
    [`{"input": ${"1".repeat(1000)}`, 422, /^the body is not JSON/],
    ['{"input": "\u001b]0;\u202e\n', 422, /^[^\p{Cc}\u202e]*$/u],
  ];
  for (const [body, status, message] of cases) {
    const [actual, error] = await refusal(app.request("/embed", json(body)));
    assert.deepEqual([actual, message.test(error)], [status, true], error);
  }
  const search = fakeApp({ index: { nearest: () => [] }, queue: 256 });
  const many = json({ inputs: Array.from({ length: 11 }, () => "1") });
  assert.equal((await refusal(search.request("/search?top=1000", many)))[0], 413);
  assert.equal((await search.request("/search?top=900", many)).status, 200);
  assert.equal((await refusal(search.request("/search?top=1001", many)))[0], 422);
});

test("requests for other hosts and from pages elsewhere are refused, whatever the route", async () => {
  const app = fakeApp({ strangers: strangers({ host: "127.0.0.1", allowOrigins: ["https://app.example.org"] }) });
  const base = "http://127.0.0.1:8080";
  for (const route of ["/health", "/metrics", "/embed", "/nowhere"]) {
    assert.equal((await refusal(app.request(`http://evil.example:8080${route}`)))[0], 403);
    assert.equal((await refusal(app.request(base + route, { headers: { origin: "https://evil.example" } })))[0], 403);
  }
  const ask = (origin: string) => ({
    ...json({ input: "7" }),
    headers: { "content-type": "application/json", origin },
  });
  assert.equal((await app.request(`${base}/embed`, ask("null"))).status, 403);
  assert.equal((await app.request(`${base}/embed`, ask(base))).status, 200);
  const allowed = await app.request(`${base}/embed`, ask("https://app.example.org"));
  assert.deepEqual(
    [allowed.status, allowed.headers.get("access-control-allow-origin")],
    [200, "https://app.example.org"],
  );
  const preflight = (origin: string) =>
    app.request(`${base}/embed`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" },
    });
  assert.equal((await preflight("https://app.example.org")).status, 204);
  assert.equal((await preflight("https://evil.example")).status, 403);
});

test("a body larger than allowed is refused, with or without a content length", async () => {
  const app = fakeApp({ maxBody: 100 });
  const large = JSON.stringify({ text: "1".padStart(101) });
  const declared = {
    ...json(large),
    headers: { "content-type": "application/json", "content-length": String(large.length) },
  };
  const stream = new ReadableStream({
    start(controller) {
      for (let at = 0; at < large.length; at += 10) controller.enqueue(Buffer.from(large.slice(at, at + 10)));
      controller.close();
    },
  });
  const undeclared = { ...json(""), body: stream, duplex: "half" as const };
  for (const request of [declared, undeclared])
    assert.deepEqual(await refusal(app.request("/embed", request)), [413, "the body is larger than 100 bytes"]);
  assert.equal((await app.request("/embed", json({ input: "1" }))).status, 200);
});

test("a full server refuses with Retry-After, without reading the body, and has room again after answering", async () => {
  const model = gated();
  const app = fakeApp({ embed: model.run, queue: 5 });
  const accepted = [
    app.request("/embed", json({ inputs: ["1", "2", "3"] })),
    app.request("/embed", json({ inputs: ["4", "5"] })),
  ];
  await until(app, 5);

  let isRead = false;
  const body = new ReadableStream(
    {
      pull(controller) {
        isRead = true;
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const refused = await app.request("/embed", { ...json(""), body, duplex: "half" });
  assert.equal(refused.headers.get("retry-after"), "1");
  assert.deepEqual(await refusal(refused), [503, "full: 5 of 5 samples are waiting; try again in 1 s"]);
  assert.equal(isRead, false);
  assert.equal((await jsonOf(app.request("/health"))).samples, 5);

  model.open();
  assert.deepEqual(await Promise.all(accepted.map(async (answer) => (await jsonOf(answer)).embeddings)), [
    [
      [1, -1],
      [2, -2],
      [3, -3],
    ],
    [
      [4, -4],
      [5, -5],
    ],
  ]);
  assert.equal((await jsonOf(app.request("/health"))).samples, 0);
  // Exactly the whole room again.
  assert.equal((await app.request("/embed", json({ inputs: ["1", "2", "3", "4", "5"] }))).status, 200);
});

test("a request that fits only in part is refused as a whole, and every refusal frees its places", async () => {
  const model = gated();
  const app = fakeApp({ embed: model.run, queue: 3 });
  const first = app.request("/embed", json({ inputs: ["1", "2"] }));
  await until(app, 2);
  assert.equal((await refusal(app.request("/embed", json({ inputs: ["3", "4"] }))))[0], 503);
  for (const body of ["{", { input: "" }, { inputs: ["1", "2", "3", "4"] }])
    await refusal(app.request("/embed", json(body)));
  await refusal(app.request("/predict", json({ input: "1" })));
  await refusal(app.request("/search", json({ input: "1" })));
  const last = app.request("/embed", json({ input: "5" }));
  model.open();
  assert.deepEqual([(await first).status, (await last).status], [200, 200]);
  assert.equal((await jsonOf(app.request("/health"))).samples, 0);
});

test("internal errors go to the server's log, not to the client", async () => {
  const errors: unknown[] = [];
  const app = fakeApp({
    embed: async () => {
      throw new Error("secret");
    },
    onError: (error) => errors.push(error),
  });
  const [status, error] = await refusal(app.request("/embed", json({ input: "1" })));
  assert.equal(status, 500);
  assert.doesNotMatch(error, /secret/);
  assert.match(String(errors[0]), /secret/);
});

test("/health describes the model; when the server is stopping it says so, and responses close their connections", async () => {
  let stopping = false;
  const app = fakeApp({ stopping: () => stopping });
  const fine = await app.request("/health");
  assert.deepEqual(await jsonOf(fine), { status: "ok", method: "simclr", samples: 0, queue: 8 });
  assert.equal(fine.headers.get("connection"), null);
  stopping = true;
  const ending = await app.request("/health");
  assert.deepEqual(
    [ending.status, ending.headers.get("connection"), await jsonOf(ending)],
    [503, "close", { status: "stopping" }],
  );
  const answered = await app.request("/embed", json({ input: "1" }));
  assert.deepEqual([answered.status, answered.headers.get("connection")], [200, "close"]);
});

test("/metrics counts requests by route and status, samples and batches", async () => {
  const app = fakeApp({ reader: numbers, embed: echo, waitMs: 20 });
  await Promise.all(["1", "2", "3"].map((value) => app.request("/embed", json({ input: value }))));
  await app.request("/embed", json("{"));
  await app.request("/nowhere/at/all");
  const answer = await app.request("/metrics");
  assert.match(answer.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  const lines = (await answer.text()).split("\n");
  for (const line of [
    'autodidact_requests_total{route="/embed",status="200"} 3',
    'autodidact_requests_total{route="/embed",status="422"} 1',
    'autodidact_requests_total{route="other",status="404"} 1',
    'autodidact_request_seconds_count{route="/embed"} 4',
    "autodidact_samples_in_progress 0",
    'autodidact_batch_rows_sum{program="embed"} 3',
  ])
    assert.ok(lines.includes(line), `${line} in\n${lines.join("\n")}`);
});
