// @ts-check
// drive LOAD KIND CALLS CALLERS PATH BODY PER -- SERVER [ARGUMENT...] starts a server, lets the program LOAD call it, and
// prints how many units of work (PER a call) the server did for each second of its own processor time. What the callers saw
// and the server's peak of memory stand behind, as JSON.
import { execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";

const split = process.argv.indexOf("--");
const [load = "", kind = "", calls = "", callers = "", path = "", body = "", per = ""] = process.argv.slice(2, split);
const [program = "", ...args] = process.argv.slice(split + 1);

const server = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
const said = async () => {
  const { value, done } = await lines.next();
  if (done) throw new Error(`${program} ${args.join(" ")} ended early`);
  return String(value);
};
const spent = async () => {
  server.stdin.write("\n");
  const [seconds = 0, bytes = 0] = (await said()).split(" ").map(Number);
  return { seconds, bytes };
};

const url = `http://127.0.0.1:${await said()}${path}`;
const run = (/** @type {number} */ count) =>
  JSON.parse(execFileSync(load, [url, kind, String(count), callers, body], { encoding: "utf8" }));
// What is compiled and grown in the first calls is no cost of a call.
run(Math.ceil(Number(calls) / 5));
const before = await spent();
const seen = run(Number(calls));
const after = await spent();
server.stdin.end();
const rate = (seen.calls * Number(per)) / (after.seconds - before.seconds);
console.log(rate.toFixed(1), JSON.stringify({ ...seen, peakRssBytes: after.bytes }));
