/** Decodes the file that is named as often as asked, all at once, and prints what memory that took at its peak, in MB. */
import { readFileSync } from "node:fs";
import sharp from "sharp";
import { memoryBudget } from "../../../src/foundation/memory.ts";
import { decode } from "../../../src/pixels/decode/decode.ts";

const [path = "", megabytes = "256", times = "1", side = "1024"] = process.argv.slice(2);
const bytes = readFileSync(path);
await sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } })
  .png()
  .toBuffer();
const peak = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;
const before = peak();
const budget = memoryBudget(Number(megabytes) * 2 ** 20);
const results = await Promise.allSettled(
  Array.from({ length: Number(times) }, () => decode(bytes, Number(side), budget)),
);
const errors = results.flatMap((result) => (result.status === "rejected" ? [String(result.reason)] : []));
console.log(JSON.stringify({ megabytes: peak() - before, errors }));
