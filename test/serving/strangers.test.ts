import assert from "node:assert/strict";
import { hostname } from "node:os";
import { test } from "node:test";
import { type StrangerOptions, strangers } from "../../src/serving/strangers.ts";

const isRefused = (options: StrangerOptions, host: string, origin?: string) => {
  const headers = new Headers(origin === undefined ? {} : { origin });
  const named = host.replace(/ .*/, "");
  return strangers(options).refuses(new Request(`http://${named}/embed`, { headers })) !== undefined;
};

test("the host is the address listened on, in any of its forms", () => {
  const cases: [string, string[], string[]][] = [
    [
      "127.0.0.1",
      ["127.0.0.1", "127.0.0.1:8080", "localhost:8080", "LOCALHOST", "localhost.", "[::1]:8080", "127.1"],
      ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", "0.0.0.0", "[::2]"],
    ],
    ["localhost", ["localhost", "127.0.0.1"], ["evil.example", hostname().replaceAll("localhost", "x.example")]],
    ["::1", ["[::1]", "[0:0::1]:80", "localhost"], ["[::2]", "evil.example"]],
    ["192.168.1.5", ["192.168.1.5:8080"], ["localhost", "127.0.0.1", "192.168.1.6", "evil.example"]],
    ["models.lan", ["models.lan", "MODELS.lan:8080"], ["lan", "evil.example", "localhost"]],
    ["0.0.0.0", ["192.168.1.5", "localhost", "127.0.0.1", "[fe80::1]"], ["evil.example", "1.2.3.4.evil.example"]],
    ["::", ["192.168.1.5", "localhost", "[::1]"], ["evil.example"]],
  ];
  for (const [host, ours, foreign] of cases) {
    for (const name of ours) assert.equal(isRefused({ host }, name), false, `${name} at ${host}`);
    for (const name of foreign) assert.equal(isRefused({ host }, name), true, `${name} at ${host}`);
  }
});

test("the header and the request line must both name this server", () => {
  const { refuses } = strangers({ host: "127.0.0.1", allowHosts: ["models.example.org"] });
  const request = (url: string, host: string) => {
    const made = new Request(url);
    // `Request` drops a Host header; servers have it.
    Object.defineProperty(made, "headers", { value: { get: (name: string) => (name === "host" ? host : null) } });
    return made;
  };
  assert.equal(refuses(request("http://127.0.0.1/", "models.example.org:443")), undefined);
  assert.match(refuses(request("http://evil.example/", "127.0.0.1")) ?? "", /^host evil\.example is not this server's/);
  for (const host of ["evil.example", "127.0.0.1@evil.example", "127.0.0.1, evil.example", "127.0.0.1/x", "", "a b"])
    assert.match(refuses(request("http://127.0.0.1/", host)) ?? "", /^host .* is not this server's/, host);
});

test("the origin is this server itself, or one that is allowed", () => {
  const options = { host: "127.0.0.1", allowHosts: ["models.example.org"], allowOrigins: ["https://app.example.org/"] };
  for (const origin of [undefined, "http://localhost:8080", "https://app.example.org"])
    assert.equal(isRefused(options, "localhost:8080", origin), false, origin);
  assert.equal(isRefused(options, "models.example.org", "https://models.example.org"), false);
  for (const origin of [
    "http://localhost:3000",
    "http://127.0.0.1:8080",
    "https://app.example.org:444",
    "http://app.example.org",
    "https://evil.example",
    "null",
    "file://",
    "",
    "http://localhost:8080, https://evil.example",
  ])
    assert.equal(isRefused(options, "localhost:8080", origin), true, origin);
});

test("options that name no host or origin are refused in a line", () => {
  for (const allowHosts of [["https://a.example"], ["a/b"], [""]])
    assert.throws(() => strangers({ host: "::1", allowHosts }), {
      name: "UserError",
      message: /^allowed host .*: must be/,
    });
  for (const allowOrigins of [["a.example"], ["https://a.example/path"], ["file:///a"], ["*"]])
    assert.throws(() => strangers({ host: "::1", allowOrigins }), {
      name: "UserError",
      message: /^allowed origin .*: must be/,
    });
});
