const WEEK_SEC = 604_800;
const HOURS = 168;
const HOUR_SEC = 3600;
/** A busy site of the generated size has 13,000 jobs a day. */
const JOBS_PER_WEEK = 91_000;
const WEEKS_AT_LEAST = 3;

/** Converts a fraction of all jobs (0 to 1) to Unix seconds. More jobs start in working hours than at other times. */
export function busyWeeks(jobs: number, endTime: number): (share: number) => number {
  const weeks = Math.max(WEEKS_AT_LEAST, Math.ceil(jobs / JOBS_PER_WEEK));
  const begin = endTime - weeks * WEEK_SEC;
  const edges = [0];
  for (let hour = 0; hour < HOURS; hour++) edges.push((edges[hour] ?? 0) + weightAt(begin + hour * HOUR_SEC));
  const total = edges[HOURS] ?? 1;
  return (share) => {
    const place = Math.min(share, 1) * weeks;
    const week = Math.min(Math.floor(place), weeks - 1);
    const wanted = (place - week) * total;
    const hour = hourOf(edges, wanted);
    const from = edges[hour] ?? 0;
    const width = (edges[hour + 1] ?? total) - from;
    return Math.floor(begin + week * WEEK_SEC + (hour + Math.min(1, (wanted - from) / width)) * HOUR_SEC);
  };
}

/** The last edge at or below. 168 edges take eight steps. */
function hourOf(edges: readonly number[], wanted: number): number {
  let low = 0;
  let high = HOURS - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((edges[middle] ?? 0) <= wanted) low = middle;
    else high = middle - 1;
  }
  return low;
}

function weightAt(second: number): number {
  const date = new Date(second * 1000);
  const hour = date.getUTCHours();
  const isWeekend = date.getUTCDay() === 0 || date.getUTCDay() === 6;
  const byHour = hour >= 8 && hour < 18 ? 2.2 : hour >= 18 && hour < 23 ? 1.3 : 0.6;
  return isWeekend ? byHour * 0.5 : byHour;
}
