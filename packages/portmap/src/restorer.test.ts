import { expect, test } from "vitest";
import { type Forward, overlap } from "./forwards.ts";
import { toWrite } from "./restorer.ts";

const to = (hostPort: number, protocol: Forward["protocol"] = "tcp"): Forward => ({
  protocol,
  hostPort,
  hostAddress: undefined,
  address: "10.1.0.2",
  port: 80,
});
const missing = (...ports: number[]) => ({ isMissing: true, forwards: ports.map((port) => to(port)) });
const there = (...ports: number[]) => ({ isMissing: false, forwards: ports.map((port) => to(port)) });

test.each([
  ["nothing is missing", [there(1), there(2)], [false, false]],
  ["what is missing alone, where no port is shared", [there(1), missing(2), there(3)], [false, true, false]],
  ["a newer one with the port is put in front again", [there(1), missing(1)], [true, true]],
  ["an older one with the port stays behind", [missing(1), there(1)], [true, false]],
  ["and so on through chains of shared ports", [there(2, 3), there(1, 2), missing(1)], [true, true, true]],
])("%s", (_what, wanted, written) => {
  expect(toWrite(wanted, overlap)).toEqual(written);
});
