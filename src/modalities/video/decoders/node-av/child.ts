/**
 * The process in which node-av decodes, so that a crash is this one's. It answers as the two programs do: `probe` as ffprobe's
 * JSON, `decode` with the bytes of the frames; what is wrong goes to standard error.
 *
 *   node child.js probe PATH DEMUXER
 *   node child.js decode PATH DEMUXER STREAM RATE WIDTH HEIGHT [START SECONDS]
 */
import { framesIn } from "../timing.ts";
import { AV, type NodeAv, type NodeAvLib } from "./library.ts";
import { LIBRARY, UNLOADABLE } from "./names.ts";

const [task, path = "", demuxer = "", ...numbers] = process.argv.slice(2);

// Not named in an import, since it need not be there.
const load = async (): Promise<{ api: NodeAv; lib: NodeAvLib }> => ({
  api: await import(`${LIBRARY}/api`),
  lib: await import(`${LIBRARY}/lib`),
});
const { api, lib } = await load().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(UNLOADABLE);
});
lib.Log.setLevel(AV.ERRORS);

type Opened = Awaited<ReturnType<NodeAv["Demuxer"]["open"]>>;
type Stream = Opened["streams"][number];

const write = (bytes: Uint8Array | string): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
  });

const ratio = ({ num, den }: { readonly num: number; readonly den: number }): string => `${num}/${den}`;

/** Degrees that a frame is turned by, as ffprobe shows them: of a matrix of 16.16 numbers. */
function rotationOf({ codecpar }: Stream): number | undefined {
  const data = codecpar.getAllCodedSideData().find(({ type }) => type === AV.DISPLAY_MATRIX)?.data;
  if (!data || data.length < 36) return undefined;
  const at = (index: number): number => data.readInt32LE(4 * index) / 65536;
  const [across, down] = [Math.hypot(at(0), at(3)), Math.hypot(at(1), at(4))];
  if (across === 0 || down === 0) return undefined;
  return -(Math.atan2(at(1) / down, at(0) / across) * 180) / Math.PI;
}

function describe(stream: Stream, alone: boolean, whole: number): object {
  const { codecpar, timeBase, duration } = stream;
  const isVideo = codecpar.codecType === 0;
  const rotation = isVideo ? rotationOf(stream) : undefined;
  const seconds = duration > 0n ? (Number(duration) * timeBase.num) / timeBase.den : alone ? whole : 0;
  return {
    index: stream.index,
    codec_type: AV.types[codecpar.codecType] ?? "data",
    ...(isVideo ? { width: codecpar.width, height: codecpar.height } : {}),
    sample_aspect_ratio: ratio(codecpar.sampleAspectRatio).replace("/", ":"),
    avg_frame_rate: ratio(stream.avgFrameRate),
    r_frame_rate: ratio(stream.rFrameRate),
    ...(seconds > 0 ? { duration: `${seconds}` } : {}),
    tags: stream.metadata?.getAll() ?? {},
    disposition: {
      default: stream.disposition & AV.DEFAULT ? 1 : 0,
      attached_pic: stream.disposition & AV.ATTACHED_PICTURE ? 1 : 0,
    },
    ...(rotation === undefined ? {} : { side_data_list: [{ rotation }] }),
  };
}

/** What turns frames upright, as ffmpeg does by itself. */
function turns(rotation = 0): string {
  const clockwise = (((Math.round(-rotation / 90) * 90) % 360) + 360) % 360;
  return { 90: "transpose=clock,", 180: "hflip,vflip,", 270: "transpose=cclock," }[clockwise] ?? "";
}

async function decode(file: Opened, [index = 0, rate = 1, width = 1, height = 1, start, seconds]: number[]) {
  const stream = file.streams.find((one) => one.index === index);
  if (!stream) throw new Error(`no stream ${index}`);
  let part = "";
  if (start !== undefined && seconds !== undefined) {
    const from = start + Math.max(0, file.startTime);
    // Only so is it exact: to the key frame before, and on from there.
    await file.seek(from, -1, AV.SEEK_BACKWARD);
    part = `trim=start=${from},setpts=PTS-${from}/TB,`;
  }
  using decoder = await api.Decoder.create(stream, { context: { threadCount: 1 } });
  const scale = `scale=${width}:${height}:flags=area,setsar=1,format=rgb24`;
  using filter = api.FilterAPI.create(`${part}${turns(rotationOf(stream))}fps=${rate},${scale}`, {});
  let left = seconds === undefined ? Number.POSITIVE_INFINITY : framesIn(seconds, rate);
  for await (using frame of filter.frames(decoder.frames(file.packets(index)))) {
    if (!frame) continue;
    await write(frame.toBuffer());
    if (--left === 0) break;
  }
}

try {
  await using file = await api.Demuxer.open(path, { format: demuxer, options: { protocol_whitelist: "file" } });
  const { streams, duration } = file;
  if (task === "decode") await decode(file, numbers.map(Number));
  else {
    const described = streams.map((stream) => describe(stream, streams.length === 1, duration));
    await write(JSON.stringify({ streams: described, format: duration > 0 ? { duration: `${duration}` } : {} }));
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
