/** Most short sides in a long one: a frame of a ticker is squeezed. */
const LONGEST = 4;

/** Size at which frames are kept: the short side at most `side`, never enlarged. */
export function storedSize(
  { width, height }: { readonly width: number; readonly height: number },
  side: number,
): { readonly width: number; readonly height: number } {
  const short = Math.min(width, height);
  const scale = Math.min(1, side / short);
  const most = LONGEST * Math.max(1, Math.round(short * scale));
  const shrunk = (extent: number) => Math.max(1, Math.min(most, Math.round(extent * scale)));
  return { width: shrunk(width), height: shrunk(height) };
}
