import { CniError } from "@cni-chain/core";
import { scriptedRunner } from "@cni-chain/exec/fake";
import type { OpenSocket } from "@cni-chain/netlink";
import { fakeIptables } from "iptables-wrapper/fake";
import { expect, test } from "vitest";
import { readConfig } from "./config.ts";
import { iptablesBackend } from "./iptables/backend.ts";
import { procKernel } from "./kernel.ts";
import { status } from "./status.ts";

/** What STATUS says is missing where PATH leads nowhere. */
async function missing(netlink: OpenSocket | undefined): Promise<string> {
  const config = readConfig({});
  if (!config.ok) throw new Error("bad test");
  const host = { runner: scriptedRunner([]), kernel: procKernel, path: "/nowhere", netlink };
  const tools = { ...host, backend: iptablesBackend(fakeIptables(), host) };
  const call = { network: "net", config: config.value, cniVersion: "1.1.0", warn() {} } as const;
  try {
    await status(call, tools);
    return "";
  } catch (error) {
    if (error instanceof CniError) return `${error.message}\n${error.details}`;
    throw error;
  }
}

const unused: OpenSocket = () => {
  throw new Error("STATUS asks for no route");
};

test("`ip`, which only stands in for netlink, is needed where netlink cannot be spoken", async () => {
  expect(await missing(undefined)).toContain("ip: no such executable on PATH (/nowhere)");
  const byNetlink = await missing(unused);
  expect(byNetlink).toContain("iptables-restore: no such executable");
  expect(byNetlink).not.toMatch(/^ip: /m);
});
