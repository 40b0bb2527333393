import { rowOf, type Series } from "../series.ts";

/** Names of channels that have none: their numbers. */
const isNumbered = (channels: readonly string[]): boolean => channels.every((name, at) => name === String(at + 1));

/** The series with these channels, in this order: by name, or by number where it has no names. Missing where it has none. */
export function chosen(series: Series, channels: readonly string[]): Series {
  const { channels: own, length } = series;
  if (own.length === channels.length && own.every((name, at) => name === channels[at])) return series;
  const byNumber = own.length === channels.length && (isNumbered(own) || isNumbered(channels));
  const values = new Float32Array(channels.length * length).fill(Number.NaN);
  channels.forEach((name, channel) => {
    const at = byNumber ? channel : own.indexOf(name);
    if (at >= 0) values.set(rowOf(series, at), channel * length);
  });
  return { ...series, channels, values };
}
