import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** The server's Prometheus metrics. */
export interface Metrics {
  readonly registry: Registry;
  request(route: string, status: number, seconds: number): void;
  batch(program: string, rows: number, seconds: number): void;
  /** A client closed its connection before it had its response. */
  gone(route: string): void;
}

/** What is measured when somebody asks. */
export interface Counts {
  /** Number of samples in progress. */
  samples(): number;
  /** Number of bodies that are arriving. */
  arriving(): number;
}

export function serverMetrics({ samples, arriving }: Counts, registry = new Registry()): Metrics {
  const registers = [registry];
  const requests = new Counter({
    name: "autodidact_requests_total",
    help: "Requests answered.",
    labelNames: ["route", "status"],
    registers,
  });
  const requestSeconds = new Histogram({
    name: "autodidact_request_seconds",
    help: "Time from a request's headers to its response.",
    labelNames: ["route"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const batchRows = new Histogram({
    name: "autodidact_batch_rows",
    help: "Samples in a batch.",
    labelNames: ["program"],
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers,
  });
  const batchSeconds = new Histogram({
    name: "autodidact_batch_seconds",
    help: "Time to compute a batch.",
    labelNames: ["program"],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  new Gauge({
    name: "autodidact_samples_in_progress",
    help: "Samples accepted and not answered yet.",
    registers,
    collect() {
      this.set(samples());
    },
  });
  new Gauge({
    name: "autodidact_bodies_arriving",
    help: "Bodies that are not complete yet.",
    registers,
    collect() {
      this.set(arriving());
    },
  });
  const clientsGone = new Counter({
    name: "autodidact_clients_gone_total",
    help: "Requests whose client closed its connection before it had its response.",
    labelNames: ["route"],
    registers,
  });
  return {
    registry,
    gone: (route) => clientsGone.inc({ route }),
    request(route, status, seconds) {
      requests.inc({ route, status });
      requestSeconds.observe({ route }, seconds);
    },
    batch(program, rows, seconds) {
      batchRows.observe({ program }, rows);
      batchSeconds.observe({ program }, seconds);
    },
  };
}
