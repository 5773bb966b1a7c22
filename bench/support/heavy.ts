/** Unreasonable requests to a table of millions: sorts, groupings and scans without an index. */
export const HEAVY: readonly string[] = [
  '/api/statistics/jobs?group-by=user&sort-by=totalCoreHours',
  '/api/statistics/histograms?metric=flops_any&metric=mem_bw&metric-bins=50',
  '/api/jobs/?node.contains=zzzz&items-per-page=100',
  '/api/statistics/jobs?group-by=project&job-name.contains=e',
  '/api/jobs/?duration=1-&num-nodes=1-&items-per-page=500&page=2000',
  '/api/statistics/jobs?group-by=subcluster&metric.flops_any_avg=0.001-',
  '/api/jobs/count?job-name.contains=zzzz',
  '/api/statistics/histograms?user.contains=a&bins=1m',
  '/api/jobs/?job-name.contains=a&energy=0.0001-&items-per-page=1000&page=500',
  '/api/statistics/jobs?group-by=user&sort-by=totalWalltime&node.not=zzzz',
];
