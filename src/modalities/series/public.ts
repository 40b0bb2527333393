/**
 * What readings over time are measured by: forecasts and anomalies.
 * @module autodidact/series
 */
export {
  type Anomalies,
  type AnomaliesOptions,
  type AnomalyScore,
  anomalies,
  anomalyScores,
  type Interval,
  type ScoredSeries,
} from "./anomalies/anomalies.ts";
export { anomaliesPage, anomalyDrawing } from "./anomalies/page.ts";
export { type Ranking, rankingOf } from "./anomalies/ranking.ts";
export { type Forecast, type ForecastOptions, type ForecastScore, forecast } from "./forecast/forecast.ts";
export { SeriesOptions } from "./options.ts";
export type { Series } from "./series.ts";
