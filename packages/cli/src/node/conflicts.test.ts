import { expect, test } from "vitest";
import { conflictsOf } from "./conflicts.ts";
import type { Forward } from "./forward.ts";

let place = 0;
function forward(podAddress: string, more: Partial<Forward> = {}): Forward {
  place += 1;
  return {
    backend: "iptables-nft",
    family: "v4",
    protocol: "tcp",
    hostAddress: undefined,
    hostPort: 8080,
    podAddress,
    podPort: 80,
    network: "net",
    containerId: podAddress,
    networkTag: undefined,
    chain: `CNI-DN-${podAddress}`,
    place,
    conditional: false,
    packets: 0,
    bytes: 0,
    ...more,
  };
}
const outcomes = (first: Forward, second: Forward) => {
  const found = conflictsOf([first, second]);
  return [first, second].map((one) => found.get(one)?.[0]?.outcome);
};
const bound = { hostAddress: "192.0.2.17" };

test.each<[string, Forward, Forward, readonly (string | undefined)[]]>([
  ["the first has all", forward("a"), forward("b"), ["wins", "loses"]],
  ["the first has all of a bound one's", forward("a"), forward("b", bound), ["wins", "loses"]],
  ["a bound one has its own part", forward("a", bound), forward("b"), ["wins", "losesPartly"]],
  ["conditions let some through", forward("a", { conditional: true }), forward("b"), ["wins", "mayLose"]],
  ["two backends", forward("a"), forward("b", { backend: "nftables" }), ["untold", "untold"]],
  ["the same target", forward("a"), forward("a"), [undefined, undefined]],
  [
    "other addresses",
    forward("a", bound),
    forward("b", { hostAddress: "192.0.2.18" }),
    [undefined, undefined],
  ],
  ["other ports", forward("a"), forward("b", { hostPort: 1 }), [undefined, undefined]],
  ["other protocols", forward("a"), forward("b", { protocol: "udp" }), [undefined, undefined]],
  ["other families", forward("a"), forward("b", { family: "v6" }), [undefined, undefined]],
])("%s", (_, first, second, expected) => {
  expect(outcomes(first, second)).toEqual(expected);
});
