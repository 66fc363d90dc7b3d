import { describe, expect, test } from "vitest";
import recorded from "./fixtures/libcni-1.3.0.json" with { type: "json" };
import { parseCacheEntry, renderCacheEntry } from "./parse-cache-entry.ts";

describe.each(recorded)("an entry that libcni wrote at $version", ({ cache, conf }) => {
  test("is read", () => {
    expect(parseCacheEntry(cache)).toEqual({
      network: "net",
      containerId: "c1",
      ifname: "eth0",
      netns: "/run/netns/c1",
      cniArgs: [
        ["IgnoreUnknown", "1"],
        ["K8S_POD_NAME", "web"],
      ],
      capabilityArgs: JSON.parse(cache).capabilityArgs,
      config: JSON.parse(conf),
      configText: conf,
      result: JSON.parse(cache).result,
    });
  });

  test("is written again byte for byte", () => {
    expect(renderCacheEntry(parseCacheEntry(cache))).toBe(cache);
  });
});

/** As libcni before 1.2 wrote it, which podman 4 and containerd 1.6 have: no netns; nil of Go as null or left out. */
const older = {
  kind: "cniCacheV1",
  containerId: "c1",
  config: null,
  ifName: "eth0",
  networkName: "net",
  capabilityArgs: null,
  result: {
    interfaces: [{ name: "cni0" }, { name: "eth0", sandbox: "/var/run/netns/cni-1" }],
  },
};

test("an entry of an older libcni has its namespace from the result", () => {
  expect(parseCacheEntry(JSON.stringify(older))).toEqual({
    network: "net",
    containerId: "c1",
    ifname: "eth0",
    netns: "/var/run/netns/cni-1",
    cniArgs: [],
    capabilityArgs: {},
    config: {},
    configText: "",
    result: older.result,
  });
});

test("an entry that has no namespace anywhere has none", () => {
  expect(parseCacheEntry(JSON.stringify({ ...older, result: undefined }))).not.toHaveProperty("netns");
});

test.each([
  ["", "empty"],
  ['{"kind":', "too early"],
  ["[]", "no JSON object"],
  [JSON.stringify({ ip4: { ip: "10.0.0.1/8" } }), "kind: nothing"],
  [JSON.stringify({ ...older, kind: "cniCacheV2" }), "cniCacheV2"],
  [JSON.stringify({ ...older, containerId: "../../x" }), "containerId"],
  [JSON.stringify({ ...older, networkName: undefined }), "networkName"],
  [JSON.stringify({ ...older, ifName: "a/b" }), "ifName"],
  [JSON.stringify({ ...older, config: "no base64!" }), "config"],
  [JSON.stringify({ ...older, config: btoa("[1]") }), "config"],
  [JSON.stringify({ ...older, cniArgs: [["one"]] }), "cniArgs"],
  [JSON.stringify({ ...older, result: 3 }), "result"],
])("%j is refused", (text, message) => {
  expect(() => parseCacheEntry(text)).toThrow(message);
});
