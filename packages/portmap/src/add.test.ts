import type { CommandResult } from "@cni-chain/exec";
import { expect, test } from "vitest";
import { Bench, own, prevResult, web } from "../test/bench.ts";
import { add, check } from "./add.ts";

test("ADD without mappings starts no process and gives the prevResult", async () => {
  const bench = new Bench();
  expect(await bench.add(bench.call([]))).toBe(prevResult);
  expect([bench.commands, bench.iptables.applied]).toEqual([[], []]);
});

test("ADD is one transaction a family and opens 127.0.0.1 on the device that leads to the container", async () => {
  const bench = new Bench();
  expect(await bench.add(bench.call([web]))).toBe(prevResult);
  expect(bench.iptables.applied).toHaveLength(2);
  expect(bench.iptables.rules("v4", own)).toHaveLength(3);
  expect(bench.iptables.rules("v6", own)).toHaveLength(2);
  expect(bench.sysctls.get("net/ipv4/conf/cni0/route_localnet")).toBe("1");
  expect(bench.commands).toEqual(["ip -j route get 10.0.0.2"]);
});

test("ADD does not fail for a setting that cannot be read once its rules stand", async () => {
  const bench = new Bench();
  const { kernel } = bench.tools;
  const readSysctl = (path: string) => {
    if (path === "net/ipv4/ip_forward") throw new Error("EMFILE, too many open files");
    return kernel.readSysctl(path);
  };
  const tools = { ...bench.tools, kernel: { ...kernel, readSysctl } };
  expect(await add(bench.call([web]), prevResult, tools)).toBe(prevResult);
  expect(bench.iptables.rules("v4", own)).toHaveLength(3);
  expect(bench.warnings).toEqual(["the node's settings were not looked at: EMFILE, too many open files"]);
});

test("ADD again changes nothing; with another port it replaces", async () => {
  const bench = new Bench();
  await bench.add(bench.call([web]));
  await bench.add(bench.call([web]));
  expect(bench.iptables.applied).toHaveLength(2);
  await bench.add(bench.call([{ ...web, hostPort: 9090 }]));
  expect(bench.iptables.rules("v4", own)?.join()).not.toContain("8080");
  expect(bench.iptables.rules("v4", "CNI-HOSTPORT-DNAT")).toHaveLength(1);
  expect(bench.iptables.rules("v4", "CNI-HOSTPORT-DNAT")?.[0]).toContain("9090");
});

test("ADD again makes good what a flush of the shared chain has cut off", async () => {
  const bench = new Bench();
  await bench.add(bench.call([web]));
  await bench.iptables.apply("v4", { nat: [{ kind: "flushChain", chain: "CNI-HOSTPORT-DNAT" }] });
  await bench.add(bench.call([web]));
  expect(await check(bench.call([web]), prevResult, bench.tools)).toEqual([]);
  expect(bench.iptables.rules("v4", own)).toHaveLength(3);
});

test("the newest container stands first", async () => {
  const bench = new Bench();
  await bench.add(bench.call([web]));
  const other = bench.call([web]);
  await bench.add({ ...other, attachment: { ...other.attachment, containerId: "c2" } });
  expect(
    bench.iptables.rules("v4", "CNI-HOSTPORT-DNAT")?.map((rule) => /id: "(\w+)"/.exec(rule)?.[1]),
  ).toEqual(["c2", "c1"]);
});

test("a failure in IPv6 takes the IPv4 rules back", async () => {
  const refused: CommandResult = { kind: "exited", exitCode: 4, stdout: "", stderr: "refused" };
  let failing = true;
  const bench = new Bench((family) => (family === "v6" && failing ? refused : undefined));
  await expect(bench.add(bench.call([web]))).rejects.toMatchObject({
    details: expect.stringContaining("refused"),
  });
  expect(bench.iptables.rules("v4", own)).toBeUndefined();
  expect(bench.iptables.rules("v4", "CNI-HOSTPORT-DNAT")).toEqual([]);
  failing = false;
  await bench.add(bench.call([web]));
  expect(bench.iptables.rules("v6", own)).toHaveLength(2);
});

test("the rules of one family are taken back while the tool of the other hangs", async () => {
  const bench = new Bench();
  const { backend } = bench.tools;
  const v6Undone = Promise.withResolvers<void>();
  const hanging: typeof backend = {
    ...backend,
    add: (request) =>
      request.destination.family === "v4" ? Promise.reject(new Error("no answer")) : backend.add(request),
    async remove(attachment, family) {
      if (family === "v4") await v6Undone.promise;
      const removed = await backend.remove(attachment, family);
      if (family === "v4") throw new Error("no answer, again");
      v6Undone.resolve();
      return removed;
    },
  };
  const tools = { ...bench.tools, backend: hanging };
  await expect(add(bench.call([web]), prevResult, tools)).rejects.toThrow("no answer");
  expect(bench.iptables.rules("v6", own)).toBeUndefined();
  expect(bench.warnings).toEqual(["undoing the IPv4 rules failed: no answer, again"]);
});

test("a sysctl that cannot be written takes the rules back", async () => {
  const bench = new Bench();
  bench.sysctlFailure = new Error("read-only");
  await expect(bench.add(bench.call([web]))).rejects.toThrow("read-only");
  expect(bench.iptables.rules("v4", own)).toBeUndefined();
  expect(bench.iptables.rules("v6", own)).toBeUndefined();
});

test("an externalSetMarkChain that is not there is named, and nothing is written", async () => {
  const bench = new Bench();
  const call = bench.call([web], { externalSetMarkChain: "KUBE-MARK-MASQ" });
  await expect(bench.add(call)).rejects.toMatchObject({
    code: 7,
    message: expect.stringContaining("KUBE-MARK-MASQ"),
  });
  expect(bench.iptables.applied).toEqual([]);
});

test("a mapping the container has no address for is warned of", async () => {
  const bench = new Bench();
  const call = bench.call([{ ...web, hostIP: "::" }]);
  await add(call, { ...prevResult, ips: [{ address: "10.0.0.2/24" }] }, bench.tools);
  expect(bench.warnings).toEqual([
    "hostPort 8080/tcp is not forwarded: prevResult lists no IPv6 address for the container",
  ]);
});

test("CHECK finds nothing after ADD, and every loss by name", async () => {
  const bench = new Bench();
  const call = bench.call([web]);
  await bench.add(call);
  expect(await check(call, prevResult, bench.tools)).toEqual([]);
  bench.sysctls.set("net/ipv4/conf/cni0/route_localnet", "0");
  await bench.iptables.apply("v6", {
    nat: [
      {
        kind: "deleteRule",
        chain: "PREROUTING",
        rule: { tokens: ["-m", "addrtype", "--dst-type", "LOCAL", "-j", "CNI-HOSTPORT-DNAT"] },
      },
    ],
  });
  await bench.iptables.apply("v4", { nat: [{ kind: "flushChain", chain: own }] });
  const found = await check(call, prevResult, bench.tools);
  expect(found).toHaveLength(5);
  expect(found.join("\n")).toContain(
    `iptables nat: rule is missing: -A ${own} -p tcp --dport 8080 -j DNAT --to-destination 10.0.0.2:80`,
  );
  expect(found).toContain("sysctl net/ipv4/conf/cni0/route_localnet: expected 1, found 0");
  expect(found).toContain(
    "ip6tables nat: rule is missing: -A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
  );
});
