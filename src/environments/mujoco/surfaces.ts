/** The surface of a kind of geom, in its own axes. */
export interface Surface {
  /** Of a sphere about its middle that holds all of it, from its sizes. */
  radius(a: number, b: number, c: number): number;
  /** The smallest t ≥ 0 for which o + t d is on the surface of the geom of sizes a, b, c, or infinity. */
  hit(ox: number, oy: number, oz: number, dx: number, dy: number, dz: number, a: number, b: number, c: number): number;
  /** Outwards, at a point of the surface. */
  normal(x: number, y: number, z: number, a: number, b: number, c: number, out: Float64Array): void;
}

const never = Number.POSITIVE_INFINITY;

/** The smallest root ≥ 0 of a t² + 2 b t + c, or infinity. */
function root(a: number, b: number, c: number): number {
  const inner = b * b - a * c;
  if (inner < 0 || a === 0) return never;
  const square = Math.sqrt(inner);
  const near = (-b - square) / a;
  if (near >= 0) return near;
  const far = (-b + square) / a;
  return far >= 0 ? far : never;
}

/** The far root: where a ray leaves. */
function lastRoot(a: number, b: number, c: number): number {
  const inner = b * b - a * c;
  return inner < 0 || a === 0 ? never : (-b + Math.sqrt(inner)) / a;
}

function along(x: number, y: number, z: number, out: Float64Array): void {
  const length = Math.sqrt(x * x + y * y + z * z) || 1;
  out[0] = x / length;
  out[1] = y / length;
  out[2] = z / length;
}

/** Seen from above only, as in MuJoCo; sizes of 0 are without end. */
const plane: Surface = {
  radius: () => never,
  hit(ox, oy, oz, dx, dy, dz, a, b) {
    if (dz >= 0) return never;
    const t = -oz / dz;
    if (t < 0 || (a > 0 && Math.abs(ox + t * dx) > a) || (b > 0 && Math.abs(oy + t * dy) > b)) return never;
    return t;
  },
  normal: (_x, _y, _z, _a, _b, _c, out) => along(0, 0, 1, out),
};

const sphere: Surface = {
  radius: (a) => a,
  hit: (ox, oy, oz, dx, dy, dz, a) =>
    root(dx * dx + dy * dy + dz * dz, ox * dx + oy * dy + oz * dz, ox * ox + oy * oy + oz * oz - a * a),
  normal: (x, y, z, _a, _b, _c, out) => along(x, y, z, out),
};

const ellipsoid: Surface = {
  radius: Math.max,
  hit: (ox, oy, oz, dx, dy, dz, a, b, c) => sphere.hit(ox / a, oy / b, oz / c, dx / a, dy / b, dz / c, 1, 1, 1),
  normal: (x, y, z, a, b, c, out) => along(x / (a * a), y / (b * b), z / (c * c), out),
};

/** Radius a, half length b along z, round ends beyond it. */
const capsule: Surface = {
  radius: (a, b) => a + b,
  hit(ox, oy, oz, dx, dy, dz, a, b) {
    let best = never;
    const [aa, bb, cc] = [dx * dx + dy * dy, ox * dx + oy * dy, ox * ox + oy * oy - a * a];
    for (const t of [root(aa, bb, cc), lastRoot(aa, bb, cc)])
      if (t >= 0 && t < best && Math.abs(oz + t * dz) <= b) best = t;
    for (const end of [-b, b]) {
      const z = oz - end;
      const [qa, qb, qc] = [aa + dz * dz, bb + z * dz, cc + z * z];
      for (const t of [root(qa, qb, qc), lastRoot(qa, qb, qc)])
        if (t >= 0 && t < best && (oz + t * dz) * Math.sign(end) >= b) best = t;
    }
    return best;
  },
  normal: (x, y, z, _a, b, _c, out) => along(x, y, z - Math.min(b, Math.max(-b, z)), out),
};

/** Radius a, half length b along z. */
const cylinder: Surface = {
  radius: (a, b) => Math.hypot(a, b),
  hit(ox, oy, oz, dx, dy, dz, a, b) {
    let best = never;
    const [aa, bb, cc] = [dx * dx + dy * dy, ox * dx + oy * dy, ox * ox + oy * oy - a * a];
    for (const t of [root(aa, bb, cc), lastRoot(aa, bb, cc)])
      if (t >= 0 && t < best && Math.abs(oz + t * dz) <= b) best = t;
    if (dz !== 0)
      for (const end of [-b, b]) {
        const t = (end - oz) / dz;
        const [x, y] = [ox + t * dx, oy + t * dy];
        if (t >= 0 && t < best && x * x + y * y <= a * a) best = t;
      }
    return best;
  },
  normal(x, y, z, a, b, _c, out) {
    if (b - Math.abs(z) < a - Math.hypot(x, y)) along(0, 0, z, out);
    else along(x, y, 0, out);
  },
};

/** Half lengths a, b, c. */
const box: Surface = {
  radius: (a, b, c) => Math.hypot(a, b, c),
  hit(ox, oy, oz, dx, dy, dz, a, b, c) {
    // A direction along a face gives ±infinity, or NaN on the face itself, which no comparison keeps.
    const x0 = (-a - ox) / dx;
    const x1 = (a - ox) / dx;
    const y0 = (-b - oy) / dy;
    const y1 = (b - oy) / dy;
    const z0 = (-c - oz) / dz;
    const z1 = (c - oz) / dz;
    const enter = Math.max(Math.min(x0, x1), Math.min(y0, y1), Math.min(z0, z1));
    const leave = Math.min(Math.max(x0, x1), Math.max(y0, y1), Math.max(z0, z1));
    if (!(enter <= leave && leave >= 0)) return never;
    return enter >= 0 ? enter : leave;
  },
  normal(x, y, z, a, b, c, out) {
    const [u, v, w] = [Math.abs(x) / a, Math.abs(y) / b, Math.abs(z) / c];
    if (u >= v && u >= w) along(x, 0, 0, out);
    else if (v >= w) along(0, y, 0, out);
    else along(0, 0, z, out);
  },
};

/** By MuJoCo's number of the type (`mjtGeom`). */
export const surfaces: Readonly<Record<number, Surface>> = {
  0: plane,
  2: sphere,
  3: capsule,
  4: ellipsoid,
  5: cylinder,
  6: box,
};
