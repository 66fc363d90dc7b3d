import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Json, JsonObject } from "@cni-chain/core";
import type { Runner } from "@cni-chain/exec";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { askStatus } from "./ask-plugins.ts";
import { readCache } from "./cache.ts";
import type { Runtime } from "./call-plugin.ts";
import recorded from "./fixtures/libcni-1.3.0.json" with { type: "json" };
import { gcChain } from "./gc.ts";
import { parseConfList } from "./parse-conf-list.ts";
import { addChain, checkChain, delChain } from "./run.ts";
import { knows } from "./versions.ts";

// The fixture holds what libcni 1.3.0 handed to two plugins and wrote into its cache, at four versions of one list. The
// plugins answer here as they did there.

let directory = "";
let calls: unknown[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "libcni-"));
  calls = [];
  for (const type of ["first", "second"]) writeFileSync(join(directory, type), "", { mode: 0o755 });
});
afterEach(() => rmSync(directory, { recursive: true }));

const attachment = {
  containerId: "c1",
  ifname: "eth0",
  netns: "/run/netns/c1",
  cniArgs: [
    ["IgnoreUnknown", "1"],
    ["K8S_POD_NAME", "web"],
  ] as const,
  capabilityArgs: {
    portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }],
    bandwidth: { ingressRate: 1_000_000, ingressBurst: 50_000 },
    ips: ["10.0.0.1"],
  },
};

describe.each(recorded)("at $version", (scene) => {
  const list = parseConfList(scene.conf);

  test("every call is the one that libcni makes", async () => {
    const runtime = recordingRuntime();
    const result = await addChain(list, attachment, runtime);
    expect(taken()).toEqual(wanted(scene.ADD));

    if (knows(scene.version, "check")) {
      await checkChain(list, attachment, result, runtime);
      expect(taken()).toEqual(wanted(scene.CHECK));
    }
    if (knows(scene.version, "status")) {
      await askStatus(list, runtime);
      expect(taken()).toEqual(wanted(scene.STATUS));
    }

    await addChain(list, { ...attachment, containerId: "c2", netns: "/run/netns/c2" }, runtime);
    taken();
    const { attachments } = await readCache(directory);
    const stale = attachments.filter(({ containerId }) => containerId === "c2");
    expect(await gcChain(list, [{ containerId: "c1", ifname: "eth0" }], stale, runtime)).toEqual([]);
    expect(taken()).toEqual(wanted(scene.GC));

    await delChain(list, attachment, result, runtime);
    expect(taken()).toEqual(wanted(scene.DEL));
    await delChain(list, attachment, undefined, runtime);
    expect(taken()).toEqual(wanted(scene["DEL again"]));
    expect(await readCache(directory)).toEqual({ attachments: [], problems: [] });
  });

  test("the entry in the cache is the one that libcni writes", async () => {
    await addChain(list, attachment, recordingRuntime());
    const written = readFileSync(join(directory, "results", "net-c1-eth0"), "utf8");
    expect(withoutEmptyDns(JSON.parse(written))).toEqual(withoutEmptyDns(JSON.parse(scene.cache)));
    expect(Object.keys(JSON.parse(written))).toEqual(Object.keys(JSON.parse(scene.cache)));
  });
});

function recordingRuntime(): Runtime {
  return {
    pluginDirs: ["/opt/other/bin", directory],
    cacheDir: directory,
    tell: () => {},
    runnerWith: (env): Runner => ({
      async run(command) {
        const stdin: JsonObject = JSON.parse(command.stdin ?? "");
        calls.push({ plugin: basename(command.file), env, stdin });
        return { kind: "exited", exitCode: 0, stdout: answer(env, stdin), stderr: "" };
      },
    }),
  };
}

/** As the plugins of the recording: an address from the first, a route from each. */
function answer(env: Readonly<Record<string, string>>, stdin: JsonObject): string {
  if (env["CNI_COMMAND"] !== "ADD") return "";
  const version = String(stdin["cniVersion"]);
  const fresh = {
    interfaces: [{ name: env["CNI_IFNAME"], mac: "02:00:00:00:00:01", sandbox: env["CNI_NETNS"] }],
    ips: [
      {
        interface: 0,
        address: "10.1.0.5/16",
        gateway: "10.1.0.1",
        ...(version < "1.0.0" ? { version: "4" } : {}),
      },
    ],
    dns: {},
    // A result without its version is one of the version asked for.
    ...(version === "1.0.0" ? {} : { cniVersion: version }),
  };
  const result: Record<string, unknown> = structuredClone({ ...((stdin["prevResult"] as object) ?? fresh) });
  const routes = (result["routes"] as Json[] | undefined) ?? [];
  return JSON.stringify({ ...result, routes: [...routes, { dst: `10.${2 + routes.length}.0.0/16` }] });
}

function taken(): unknown[] {
  const made = calls.map(withoutEmptyDns);
  calls = [];
  return made;
}

const wanted = (scene: readonly unknown[]): unknown[] =>
  scene.map((call) =>
    withoutEmptyDns(JSON.parse(JSON.stringify(call).replaceAll("/opt/cni/bin", directory))),
  );

/** Go's types print an empty `dns` or none by the version, whatever the plugin said. */
function withoutEmptyDns(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner) =>
      key === "dns" && Object.keys(inner).length === 0 ? undefined : inner,
    ),
  );
}
