import { expect, test } from "vitest";
import { type Keeper, keep, type Look, longestPauseMs } from "./keep.ts";

/** Runs `keep` over scripted looks; others touch the node before the looks at which `touched` is true. Gives all that happened. */
async function record(
  looks: readonly (Look | Error)[],
  touched: (look: number) => boolean,
  rounds: number,
): Promise<readonly string[]> {
  const log: string[] = [];
  const stop = new AbortController();
  const left = [...looks];
  let [round, state] = [0, 0];
  const keeper: Keeper = {
    state: () => String(state),
    async install() {
      const look = left.length > 1 ? left.shift() : left[0];
      if (look === undefined || look instanceof Error) throw look;
      if (look.changed) state += 1;
      return look;
    },
    ready: (yes) => log.push(yes ? "ready" : "not ready"),
    say: (text) => log.push(text),
    complain: (error) => log.push(String(error)),
    async pause(ms) {
      log.push(`pause ${ms}`);
      round += 1;
      if (touched(round)) state += 1;
      if (round === rounds) stop.abort();
    },
  };
  await keep(keeper, 1000, stop.signal);
  return log;
}

const installed = (changed: boolean, text = "done"): Look => ({ kind: "installed", changed, text });

test("what is left alone is installed once", async () => {
  expect(await record([installed(true), installed(false, "there")], () => false, 4)).toEqual([
    "ready",
    "done",
    "pause 1000",
    "ready",
    "pause 1000",
    "pause 1000",
    "pause 1000",
  ]);
});

test("what others wrote over is installed again; somebody who does so every time is answered ever more slowly", async () => {
  const log = await record([installed(true)], () => true, 20);
  const pauses = log.filter((line) => line.startsWith("pause")).map((line) => Number(line.slice(6)));
  expect(pauses.slice(0, 4)).toEqual([1000, 2000, 4000, 8000]);
  expect(pauses.at(-1)).toBe(longestPauseMs);
});

test("a touch that changed nothing of ours slows nothing down", async () => {
  const log = await record([installed(true), installed(false)], (round) => round === 2, 4);
  expect(log.filter((line) => line.startsWith("pause"))).toEqual(Array(4).fill("pause 1000"));
});

test("a failure is said once, and tried again until it goes well", async () => {
  const log = await record([new Error("full"), new Error("full"), installed(false)], () => false, 3);
  expect(log).toEqual([
    "not ready",
    "Error: full",
    "pause 1000",
    "not ready",
    "pause 1000",
    "ready",
    "done",
    "pause 1000",
  ]);
});

test("while it waits for others it is not ready", async () => {
  const waiting: Look = { kind: "waiting", changed: false, text: "waiting" };
  const log = await record([waiting, installed(true)], (round) => round === 2, 3);
  expect(log).toEqual(["not ready", "waiting", "pause 1000", "pause 1000", "ready", "done", "pause 2000"]);
});
