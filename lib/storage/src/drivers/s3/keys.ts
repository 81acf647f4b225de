/** Whether `key` can be a path in a store that keeps objects as files: no segment is empty, `.` or `..`. */
export function isTreeKey(key: string): boolean {
  return key.split("/").every((name) => name !== "" && name !== "." && name !== "..");
}
