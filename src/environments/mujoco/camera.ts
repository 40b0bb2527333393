import { surfaces } from "./surfaces.ts";

/**
 * The primitive geoms of a scene, as MuJoCo's model and data have them: type and size (`mjtGeom`: 0 plane, 2 sphere, 3 capsule,
 * 4 ellipsoid, 5 cylinder, 6 box; others are not seen), and where they are now. Read only while a picture is taken.
 */
export interface Geoms {
  readonly count: number;
  readonly type: ArrayLike<number>;
  /** Radii and half lengths in metres, `[count, 3]`. */
  readonly size: ArrayLike<number>;
  /** `[count, 3]` */
  readonly position: ArrayLike<number>;
  /** From the geom's axes to the world's, `[count, 3, 3]`. */
  readonly rotation: ArrayLike<number>;
  /** 0 to 1, `[count, 4]`. What is fully transparent is not seen. */
  readonly rgba: ArrayLike<number>;
}

/** A pinhole camera: as in MuJoCo it looks along its −z, with x to the right and y up. */
export interface Camera {
  readonly position: readonly [number, number, number];
  /** From the camera's axes to the world's, row-major. */
  readonly rotation: readonly number[];
  /** The angle from the lowest to the highest row, in degrees. */
  readonly fieldOfView: number;
}

export interface Shot {
  /** Metres along the camera's axis (not along the ray), `[height, width]`; infinite where nothing is. */
  readonly depth: Float32Array;
  /** The geom that is seen, or −1. */
  readonly geom: Int16Array;
}

type Vector = readonly [number, number, number];

const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const unit = (a: Vector): Vector => {
  const length = Math.hypot(...a);
  return [a[0] / length, a[1] / length, a[2] / length];
};

/** A camera at `position` that looks at `target`. @param up what is up in the picture: another direction than the one it looks in */
export function lookAt(position: Vector, target: Vector, fieldOfView: number, up: Vector = [0, 0, 1]): Camera {
  const z = unit([position[0] - target[0], position[1] - target[1], position[2] - target[2]]);
  const x = unit(cross(up, z));
  const y = cross(z, x);
  return { position, rotation: [x[0], y[0], z[0], x[1], y[1], z[1], x[2], y[2], z[2]], fieldOfView };
}

/**
 * What a camera sees: the nearest surface in every pixel, by casting a ray through its middle. Only the pixels that a geom's
 * bounding sphere covers are tried, so it takes a fraction of a millisecond for 64 × 64 pixels and needs no graphics card.
 */
export function capture(geoms: Geoms, camera: Camera, width: number, height: number): Shot {
  const depth = new Float32Array(width * height).fill(Number.POSITIVE_INFINITY);
  const seen = new Int16Array(width * height).fill(-1);
  const tangent = Math.tan((camera.fieldOfView * Math.PI) / 360);
  const step = (2 * tangent) / height;
  const [left, top] = [-(width / 2) * step, (height / 2) * step];
  const { origin, axes } = { origin: new Float64Array(3), axes: new Float64Array(9) };
  for (let geom = 0; geom < geoms.count; geom++) {
    const surface = surfaces[geoms.type[geom]!];
    if (!surface || geoms.rgba[geom * 4 + 3] === 0) continue;
    place(geoms, geom, camera, origin, axes);
    const [a, b, c] = [geoms.size[geom * 3]!, geoms.size[geom * 3 + 1]!, geoms.size[geom * 3 + 2]!];
    const columns = span(geoms, geom, camera, 0, surface.radius(a, b, c));
    const rows = span(geoms, geom, camera, 1, surface.radius(a, b, c));
    const [firstColumn, lastColumn] = pixels((columns[0] - left) / step, (columns[1] - left) / step, width);
    const [firstRow, lastRow] = pixels((top - rows[1]) / step, (top - rows[0]) / step, height);
    for (let row = firstRow; row <= lastRow; row++) {
      const y = top - (row + 0.5) * step;
      for (let column = firstColumn; column <= lastColumn; column++) {
        const x = left + (column + 0.5) * step;
        const dx = axes[0]! * x + axes[1]! * y - axes[2]!;
        const dy = axes[3]! * x + axes[4]! * y - axes[5]!;
        const dz = axes[6]! * x + axes[7]! * y - axes[8]!;
        const distance = surface.hit(origin[0]!, origin[1]!, origin[2]!, dx, dy, dz, a, b, c);
        const at = row * width + column;
        if (distance >= depth[at]!) continue;
        depth[at] = distance;
        seen[at] = geom;
      }
    }
  }
  return { depth, geom: seen };
}

/** The camera's place in a geom's axes, and its axes there. */
function place(geoms: Geoms, geom: number, camera: Camera, origin: Float64Array, axes: Float64Array): void {
  const { rotation, position } = geoms;
  for (let row = 0; row < 3; row++) {
    let sum = 0;
    for (let k = 0; k < 3; k++)
      sum += rotation[geom * 9 + k * 3 + row]! * (camera.position[k]! - position[geom * 3 + k]!);
    origin[row] = sum;
    for (let column = 0; column < 3; column++) {
      let entry = 0;
      for (let k = 0; k < 3; k++) entry += rotation[geom * 9 + k * 3 + row]! * camera.rotation[k * 3 + column]!;
      axes[row * 3 + column] = entry;
    }
  }
}

const everything: readonly [number, number] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

/** From where to where, in the picture at distance 1, a sphere around the geom reaches along the camera's x (axis 0) or y (1). */
function span(geoms: Geoms, geom: number, camera: Camera, axis: 0 | 1, radius: number): readonly [number, number] {
  let [across, ahead] = [0, 0];
  for (let k = 0; k < 3; k++) {
    const offset = geoms.position[geom * 3 + k]! - camera.position[k]!;
    across += camera.rotation[k * 3 + axis]! * offset;
    ahead -= camera.rotation[k * 3 + 2]! * offset;
  }
  const distance = Math.hypot(across, ahead);
  if (distance <= radius) return everything;
  const [angle, half] = [Math.atan2(across, ahead), Math.asin(radius / distance)];
  const [low, high] = [angle - half, angle + half];
  if (low >= Math.PI / 2 || high <= -Math.PI / 2) return [0, -1];
  return [low <= -Math.PI / 2 ? everything[0] : Math.tan(low), high >= Math.PI / 2 ? everything[1] : Math.tan(high)];
}

/** The pixels of `count` that lie within a stretch, one more at each side for rounding. */
const pixels = (from: number, to: number, count: number): readonly [number, number] =>
  from > to ? [0, -1] : [Math.max(0, Math.floor(from) - 1), Math.min(count - 1, Math.ceil(to) + 1)];

/** Towards the light, in the world's axes: from above, a little from the left. */
const light = unit([-0.3, -0.4, 1]);
const sky: Vector = [0.86, 0.9, 0.95];

/** The colours of a shot, RGB bytes `[height, width, 3]`: lit from above, planes as a chequerboard of `tile` metres. */
export function shade(geoms: Geoms, camera: Camera, shot: Shot, width: number, height: number, tile = 1): Uint8Array {
  const rgb = new Uint8Array(width * height * 3);
  const step = (2 * Math.tan((camera.fieldOfView * Math.PI) / 360)) / height;
  const [origin, axes, normal] = [new Float64Array(3), new Float64Array(9), new Float64Array(3)];
  let placed = -1;
  for (let at = 0; at < shot.geom.length; at++) {
    const geom = shot.geom[at]!;
    if (geom < 0) {
      for (let k = 0; k < 3; k++) rgb[at * 3 + k] = Math.round(sky[k]! * 255);
      continue;
    }
    if (geom !== placed) place(geoms, geom, camera, origin, axes);
    placed = geom;
    const distance = shot.depth[at]!;
    const x = ((at % width) + 0.5 - width / 2) * step * distance;
    const y = (height / 2 - Math.floor(at / width) - 0.5) * step * distance;
    const local = (row: number) =>
      origin[row]! + axes[row * 3]! * x + axes[row * 3 + 1]! * y - axes[row * 3 + 2]! * distance;
    const [px, py, pz] = [local(0), local(1), local(2)];
    const [a, b, c] = [geoms.size[geom * 3]!, geoms.size[geom * 3 + 1]!, geoms.size[geom * 3 + 2]!];
    surfaces[geoms.type[geom]!]!.normal(px, py, pz, a, b, c, normal);
    let lit = 0;
    for (let k = 0; k < 3; k++)
      for (let row = 0; row < 3; row++) lit += geoms.rotation[geom * 9 + k * 3 + row]! * normal[row]! * light[k]!;
    const isDark = geoms.type[geom] === 0 && (Math.floor(px / tile) + Math.floor(py / tile)) % 2 !== 0;
    const brightness = (0.45 + 0.55 * Math.max(0, lit)) * (isDark ? 0.85 : 1);
    for (let k = 0; k < 3; k++) rgb[at * 3 + k] = Math.round(255 * Math.min(1, geoms.rgba[geom * 4 + k]! * brightness));
  }
  return rgb;
}
