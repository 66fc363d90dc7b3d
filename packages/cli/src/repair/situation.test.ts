import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { evidenceOf } from "./situation.ts";

test("a namespace is gone only where it would be seen if it were there", () => {
  const directory = mkdtempSync(join(tmpdir(), "cni-chain-netns-"));
  try {
    const standing = (netns?: string) =>
      evidenceOf([], () => undefined).netnsOf({
        network: "net",
        containerId: "web",
        ifname: "eth0",
        cniArgs: [],
        capabilityArgs: {},
        config: {},
        result: {},
        file: "",
        modifiedMs: 0,
        configText: "",
        ...(netns === undefined ? {} : { netns }),
      });
    expect(standing("/proc/self/ns/net")).toBe("present");
    expect(standing("/proc/999999999/ns/net")).toBe("gone");
    expect(standing(join(directory, "web"))).toBe("gone");
    expect(standing(join(directory, "not-mounted-here", "web"))).toBe("unknown");
    expect(standing()).toBe("unknown");
  } finally {
    rmSync(directory, { recursive: true });
  }
});
