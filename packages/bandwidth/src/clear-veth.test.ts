import type { DeviceShaping, TcChange, TrafficControl } from "tc-ts";
import { expect, test } from "vitest";
import { clearVeth } from "./clear-veth.ts";

const tbf = { kind: "tbf", root: true, handle: "1:", rate: 1, burst: 1, limit: 1 };
const hook = { kind: "ingress" };
const filter = { kind: "redirect", preference: 1, protocol: "all", handle: "800::800", target: "bwp1" };
const shaping = (qdiscs: readonly object[], filters: readonly object[]) =>
  ({ qdiscs, filters }) as unknown as DeviceShaping;
const whole = shaping([tbf, hook], [filter]);

/** Refuses the first change, and shows what is there then. */
function refusing(now: DeviceShaping | undefined) {
  const asked: TcChange["do"][][] = [];
  const tc: TrafficControl = {
    observe: async () => new Map(now === undefined ? [] : [["veth1", now]]),
    async change(changes) {
      asked.push(changes.map((change) => change.do));
      if (asked.length === 1) throw new Error("refused");
    },
  };
  return { asked, done: clearVeth(tc, { veth: "veth1", shaping: whole, ifb: "bwp1" }) };
}

test.each<[string, DeviceShaping | undefined, TcChange["do"][]]>([
  ["all is gone by then", shaping([], []), []],
  ["the veth is gone by then", undefined, []],
  ["a part is gone by then, and the rest goes", shaping([tbf], []), ["deleteRoot"]],
])("a refused removal is no failure where %s", async (_, now, again) => {
  const { asked, done } = refusing(now);
  await done;
  expect(asked[0]).toEqual(["deleteHook", "deleteRoot"]);
  expect(asked.slice(1).flat()).toEqual(again);
});

test("a refused removal is one where nothing has gone", async () => {
  const { asked, done } = refusing(whole);
  await expect(done).rejects.toThrow("refused");
  expect(asked).toHaveLength(1);
});
