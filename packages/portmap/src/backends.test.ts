import type { CommandResult, Runner } from "@cni-chain/exec";
import { expect, test } from "vitest";
import type { Backend, Request } from "./backend.ts";
import { backendFor, chooseBackend } from "./backends.ts";
import { clearingOther } from "./clearing-other.ts";
import type { Forward } from "./forwards.ts";
import type { Kernel } from "./kernel.ts";

test.each([
  [{}, ["iptables-restore", "nft"], "iptables"],
  [{}, ["nft"], "nftables"],
  [{}, [], "iptables"],
  [{ backend: "nftables" }, ["iptables-restore"], "nftables"],
  [{ backend: "iptables" }, ["nft"], "iptables"],
] as const)("%j with %j on PATH is %s", (wanted, tools: readonly string[], expected) => {
  expect(chooseBackend(wanted, (tool) => tools.includes(tool))).toBe(expected);
});

const attachment = { network: "net", containerId: "c1", ifname: "eth0" };
const forward: Forward = {
  protocol: "tcp",
  hostPort: 8080,
  hostAddress: undefined,
  address: "10.0.0.2",
  port: 80,
};

/** A backend that notes what it is asked to do and removes one forward. */
function noting(name: string, log: string[], fails?: Error): Backend {
  const note = async (what: string) => {
    log.push(`${name} ${what}`);
    if (fails !== undefined) throw fails;
  };
  return {
    tools: () => [name],
    masqueradesSubnet: true,
    probe: async () => {
      await note("probe");
      return true;
    },
    add: () => note("add"),
    check: async () => [],
    remove: async () => {
      await note("remove");
      return [forward];
    },
    collect: async () => {
      await note("collect");
      return [forward];
    },
    reaches: async () => false,
    release: (_, removed) => note(`release ${removed.length}`),
  };
}
const request = { attachment, destination: { family: "v4" } } as Request;

test("ADD writes to its own backend, DEL and GC remove from both", async () => {
  const log: string[] = [];
  const other = noting("other", log);
  const both = clearingOther(noting("main", log), async () => other);
  await both.add(request);
  expect(log.splice(0)).toEqual(["main add"]);
  expect(await both.remove(attachment, "v4")).toEqual([forward, forward]);
  expect(log.splice(0)).toEqual(["main remove", "other remove", "main release 2", "other release 2"]);
  await both.collect("net", new Set(), "v6");
  expect(log).toEqual(["main collect", "other collect"]);
});

test("where the other has nothing it is left alone", async () => {
  const log: string[] = [];
  const alone = clearingOther(noting("main", log), async () => undefined);
  await alone.add(request);
  expect(await alone.remove(attachment, "v4")).toEqual([forward]);
  expect(log).toEqual(["main add", "main remove"]);
});

test("a failure of either is told, and keeps the other from nothing", async () => {
  const log: string[] = [];
  const other = noting("other", log, new Error("other fails"));
  const both = clearingOther(noting("main", log, new Error("main fails")), async () => other);
  const error = await both.remove(attachment, "v6").catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ errors: [{ message: "main fails" }, { message: "other fails" }] });
  expect(log).toEqual(["main remove", "other remove"]);
  await expect(both.add(request)).rejects.toThrow("main fails");
});

const kernel = { hasIpv6: () => true } as Kernel;
const host = (path: string, answer: CommandResult) => {
  const commands: string[] = [];
  const runner: Runner = {
    run: async ({ file, argv }) => {
      commands.push([file, ...argv].join(" "));
      return answer;
    },
  };
  return { commands, kernel, path, runner };
};

test("fields for the other backend are refused before anything runs", async () => {
  const node = host("/nowhere", { kind: "notFound", path: "/nowhere" });
  const wanted = { conditions: { v4: ["ip saddr 192.0.2.1"], v6: [] } };
  await expect(backendFor(wanted, node, () => {})).rejects.toMatchObject({
    code: 7,
    message: expect.stringMatching(/^conditionsV4\[0\]: "ip saddr 192\.0\.2\.1" is not iptables syntax/),
  });
  expect(node.commands).toEqual([]);
});

test("a tool that PATH lacks is looked for elsewhere, for the error alone", async () => {
  const node = host("/nowhere", { kind: "notFound", path: "/nowhere" });
  const backend = await backendFor({ backend: "nftables" }, node, () => {});
  const error = await backend.probe("v4").catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ failure: "toolMissing", details: expect.stringContaining("/nowhere") });
});
