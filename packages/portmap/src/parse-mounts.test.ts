import { expect, test } from "vitest";
import { isReadOnly } from "./parse-mounts.ts";

const root = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw";
const proc = "26 22 0:22 / /proc rw,nosuid shared:13 - proc proc rw";
const sys = "90 26 0:22 /sys /proc/sys ro,nosuid - proc proc rw";

test.each([
  ["an own mount that is read-only", [root, proc, sys], true],
  ["none of its own", [root, proc], false],
  ["a new proc over all of it", [root, sys, proc], false],
  ["a file system that is read-only as a whole", ["22 1 254:0 / / rw - ext4 /dev/vda1 ro,errors=x"], true],
  ["a neighbour that begins alike", [root, proc, sys.replace("/proc/sys", "/proc/sy")], false],
  ["nothing that can be read", [""], false],
])("%s", (_, lines, expected) => {
  expect(isReadOnly(lines.join("\n"), "/proc/sys/net/ipv4")).toBe(expected);
});
