import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** A model as the Hub keeps it: bytes by path; large files lie in git LFS, elsewhere. */
export interface HubModel {
  readonly files: Readonly<Record<string, Uint8Array | string>>;
  readonly large?: readonly string[];
  readonly revisions?: Readonly<Record<string, string>>;
  readonly isGated?: boolean;
}

export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** What a server does wrong to a file's bytes. */
export type Fault = "short" | "long" | "altered" | "cut" | "slow" | "status";

export interface FakeHub {
  readonly url: string;
  /** Method and path of each request to the Hub, and `cdn` with the path for each to the store of large files. */
  readonly requests: string[];
  /** Tokens that arrived, by server. */
  readonly tokens: { readonly hub: Set<string>; readonly cdn: Set<string> };
  /** By path of the file. */
  readonly faults: Map<string, Fault>;
  /** Called when a slow file's first bytes have gone out. */
  onSlow: () => void;
  close(): Promise<void>;
}

const bytesOf = (content: Uint8Array | string) =>
  typeof content === "string" ? new TextEncoder().encode(content) : content;
const gitDigest = (bytes: Uint8Array) =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const listen = async (server: Server): Promise<string> => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no address");
  return `http://127.0.0.1:${address.port}`;
};

/**
 * A local server with the Hub's paths, answers and headers (https://huggingface.co/docs/hub/api, and huggingface_hub's
 * file_download.py): `api/models/<id>/revision/<revision>`, `api/models/<id>/tree/<revision>`, `<id>/resolve/<revision>/<path>`,
 * which for files in LFS redirects to another host with `X-Linked-Size` and `X-Linked-ETag`.
 */
export async function fakeHub(models: Readonly<Record<string, HubModel>>): Promise<FakeHub> {
  const requests: string[] = [];
  const tokens = { hub: new Set<string>(), cdn: new Set<string>() };
  const faults = new Map<string, Fault>();

  const json = (response: ServerResponse, status: number, value: unknown, headers: Record<string, string> = {}) =>
    response
      .writeHead(status, { "Content-Type": "application/json; charset=utf-8", ...headers })
      .end(JSON.stringify(value));

  const send = (request: IncomingMessage, response: ServerResponse, path: string, bytes: Uint8Array, etag: string) => {
    const fault = faults.get(path);
    if (fault === "status") return json(response, 503, { error: "Service Unavailable" });
    const headers = { ETag: `"${etag}"`, "Accept-Ranges": "bytes", "Content-Type": "application/octet-stream" };
    if (request.headers.range === "bytes=0-0") {
      response.writeHead(206, { ...headers, "Content-Range": `bytes 0-0/${bytes.length}`, "Content-Length": "1" });
      return response.end(bytes.subarray(0, 1));
    }
    if (fault === "short") return response.writeHead(200, headers).end(bytes.subarray(0, -3));
    if (fault === "long") return response.writeHead(200, headers).end(Buffer.concat([bytes, Buffer.alloc(5)]));
    if (fault === "altered")
      return response.writeHead(200, headers).end(bytes.map((byte, at) => (at === 9 ? byte ^ 1 : byte)));
    response.writeHead(200, { ...headers, "Content-Length": String(bytes.length) });
    if (fault === undefined) return response.end(bytes);
    response.write(bytes.subarray(0, bytes.length / 2), () => {
      if (fault === "cut") response.destroy();
      else hub.onSlow();
    });
    return response;
  };

  const cdn = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "", "http://cdn").pathname);
    requests.push(`cdn ${path}`);
    if (request.headers.authorization) tokens.cdn.add(request.headers.authorization);
    const [, name = "", file = ""] = /^\/(.+?)!(.+)$/.exec(path) ?? [];
    const bytes = bytesOf(models[name]!.files[file]!);
    send(request, response, file, bytes, sha256(bytes));
  });
  const cdnUrl = await listen(cdn);

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://hub");
    const path = decodeURIComponent(url.pathname);
    requests.push(`${request.method} ${path}`);
    if (request.headers.authorization) tokens.hub.add(request.headers.authorization);
    const [, api = "", name = "", verb = "", rest = ""] =
      /^\/(api\/models\/)?([^/]+\/[^/]+)\/(revision|tree|resolve)\/(.+)$/.exec(path) ?? [];
    const model = models[name];
    if (!model || (model.isGated && !request.headers.authorization))
      return json(response, 401, { error: "Invalid username or password." }, { "X-Error-Code": "RepoNotFound" });
    const named: Record<string, string> = { main: COMMIT, ...model.revisions };
    const revisions = { ...named, ...Object.fromEntries(Object.values(named).map((commit) => [commit, commit])) };
    const revision = Object.keys(revisions).find((one) => rest === one || rest.startsWith(`${one}/`));
    if (revision === undefined)
      return json(response, 404, { error: `Invalid rev id: ${rest}` }, { "X-Error-Code": "RevisionNotFound" });
    const commit = revisions[revision]!;
    const within = rest.slice(revision.length + 1);
    if (api && verb === "revision")
      return json(response, 200, {
        _id: "1",
        id: name,
        sha: commit,
        private: false,
        gated: false,
        downloads: 1,
        likes: 1,
        lastModified: "2024-01-01T00:00:00.000Z",
      });
    if (api && verb === "tree") {
      const entries = Object.entries(model.files).flatMap(([file, content]) => {
        if (!file.startsWith(within === "" ? "" : `${within}/`)) return [];
        const inner = within === "" ? file : file.slice(within.length + 1);
        if (inner.includes("/")) return [{ type: "directory", oid: "0", size: 0, path: file.split("/")[0] }];
        const bytes = bytesOf(content);
        const lfs = { oid: sha256(bytes), size: bytes.length, pointerSize: 134 };
        const oid = gitDigest(bytes);
        return [{ type: "file", oid, size: bytes.length, path: file, ...(model.large?.includes(file) ? { lfs } : {}) }];
      });
      return json(response, 200, entries);
    }
    const content = model.files[within];
    if (content === undefined)
      return json(response, 404, { error: "Entry not found" }, { "X-Error-Code": "EntryNotFound" });
    const bytes = bytesOf(content);
    if (!model.large?.includes(within)) return send(request, response, within, bytes, gitDigest(bytes));
    return response
      .writeHead(302, {
        Location: `${cdnUrl}/${encodeURIComponent(`${name}!${within}`)}`,
        "X-Repo-Commit": commit,
        "X-Linked-Size": String(bytes.length),
        "X-Linked-ETag": `"${sha256(bytes)}"`,
      })
      .end();
  });
  const hub: FakeHub = {
    url: await listen(server),
    ...{ requests, tokens, faults },
    onSlow: () => undefined,
    async close() {
      for (const one of [server, cdn]) {
        one.closeAllConnections();
        await new Promise((done) => one.close(done));
      }
    },
  };
  return hub;
}
