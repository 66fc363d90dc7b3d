import { expect, test } from "vitest";
import { whichPlugin } from "./which.ts";

test.each([
  ["/opt/cni/bin/portmap", "portmap"],
  ["bandwidth", "bandwidth"],
  ["./loopback", "loopback"],
  ["/opt/cni/bin/.cni-chain/portmap.new", "portmap"],
  ["/opt/cni/bin/cni-bandwidth-0.2", "bandwidth"],
  ["/opt/portmap/bin/loopback", "loopback"],
  ["/opt/portmap/bin/bridge", undefined],
  ["/opt/cni/bin/portmap-and-bandwidth", undefined],
  ["/opt/cni/bin/PORTMAP", undefined],
  ["", undefined],
])("%s is %s", (path, name) => {
  expect(whichPlugin(path)).toBe(name);
});
