// @ts-check
/**
 * @param {number} count
 * @param {(index: number) => unknown} work
 * @returns {Promise<number>} works per second of this process's user and system time, once it is warm
 */
export async function perCpuSecond(count, work) {
  for (let index = 0; index < count / 10; index++) await work(index);
  const before = process.cpuUsage();
  for (let index = 0; index < count; index++) await work(index);
  const { user, system } = process.cpuUsage(before);
  return count / ((user + system) / 1_000_000);
}
