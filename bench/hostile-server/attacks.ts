/** What strangers do to a server: a thread of `bench/hostile-server.ts`, which ends it. */
import { connect, type Socket } from "node:net";
import { workerData } from "node:worker_threads";
import type { AttackName } from "./names.ts";

const { url, name }: { url: string; name: AttackName } = workerData;
const picture = Buffer.from(workerData.picture);
const port = Number(new URL(url).port);

/** Connections that are made again when the server closes them, for as long as the thread runs. */
function crowd(count: number, use: (socket: Socket) => void, pauseMs = 100): void {
  const open = () => {
    const socket = connect({ host: "127.0.0.1", port }, () => use(socket));
    socket.on("error", () => undefined).resume();
    socket.once("close", () => setTimeout(open, pauseMs));
  };
  for (let number = 0; number < count; number++) open();
}

const head = (type: string, length: string) =>
  `POST /embed HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${type}\r\n${length}\r\n\r\n`;

/** Writes a byte every tenth of a second. */
function drip(socket: Socket, byte: string): void {
  const timer = setInterval(() => socket.write(byte), 100);
  socket.once("close", () => clearInterval(timer));
}

/** Sends a whole body, again and again. */
function flood(count: number, type: string, body: Buffer) {
  crowd(count, (socket) => {
    const again = () => {
      socket.write(head(type, `Content-Length: ${body.length}`));
      socket.write(body);
    };
    socket.on("data", again);
    again();
  });
}

const almost = Buffer.alloc(10_485_759);
/** Many parts of one byte each. */
const manyParts = Buffer.from(
  `${'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\na\r\n'.repeat(100_000)}--x--\r\n`,
);

const attacks: Readonly<Record<AttackName, () => void>> = {
  nobody: () => undefined,
  "256 slow bodies": () =>
    crowd(256, (socket) => {
      socket.write(head("image/jpeg", "Content-Length: 100000"));
      drip(socket, "x");
    }),
  "256 bodies in chunks that never end": () =>
    crowd(256, (socket) => {
      socket.write(head("image/jpeg", "Transfer-Encoding: chunked"));
      drip(socket, "1\r\nx\r\n");
    }),
  "256 slow headers": () =>
    crowd(256, (socket) => {
      socket.write("POST /embed HTTP/1.1\r\nX: ");
      drip(socket, "x");
    }),
  "2,000 connections that say nothing": () => crowd(2000, () => undefined),
  "64 bodies of 10 MB, but for a byte": () =>
    crowd(
      64,
      (socket) => {
        socket.write(head("image/jpeg", "Content-Length: 10485760"));
        socket.write(almost);
      },
      1000,
    ),
  "16 clients that hang up": () =>
    crowd(16, (socket) => {
      socket.write(head("image/jpeg", `Content-Length: ${picture.length}`));
      socket.write(picture, () => setTimeout(() => socket.resetAndDestroy(), 5));
    }),
  "4 clients with 100,000 parts a body": () => flood(4, "multipart/form-data; boundary=x", manyParts),
  "4 clients with 10 MB that is no picture": () => flood(4, "image/jpeg", Buffer.alloc(10_000_000, "{[")),
};

attacks[name]();
