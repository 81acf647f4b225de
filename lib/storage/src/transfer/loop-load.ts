/**
 * Tells, each time it is called, what share of its time this process' event loop was at work since the call before, from 0
 * to 1. Calls that block count as work.
 */
export function loopLoad(): () => number {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  };
}
