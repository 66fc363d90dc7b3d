import { expect, test } from "vitest";
import { diagnose } from "./diagnose.ts";
import type { Facts } from "./facts.ts";
import { exitCodeFor } from "./finding.ts";

const untold = { known: false, why: "CAP_NET_ADMIN missing" } as const;
const nothing: Facts = {
  lacking: ["CAP_NET_ADMIN"],
  tools: ["iptables-restore", "ip6tables-restore", "nft", "ip", "tc", "conntrack"].map((name) => ({
    name,
    directory: "/usr/sbin",
    version: "",
  })),
  confDir: "/etc/cni/net.d",
  pluginDirs: ["/opt/cni/bin"],
  networks: untold,
  misnamed: untold,
  statuses: untold,
  marks: { uses: [], chains: [] },
  tables: untold,
  ports: untold,
  backends: ["iptables-nft"],
  situation: untold,
  downDevices: untold,
  attachments: untold,
  stale: untold,
  cacheProblems: untold,
  loopback: untold,
};

test("what could not be looked at is unknown in every check, never well", () => {
  const found = diagnose(nothing);
  expect(found.filter(({ severity }) => severity === "ok").map(({ check }) => check)).toEqual(["tools"]);
  expect(exitCodeFor(found)).toBe(1);
});

test("a sentence of STATUS is parted into what is the matter and its remedy, and sorted to its check", () => {
  const text = "sysctl net/ipv4/ip_forward is 0: nobody gets an answer; sysctl -w net.ipv4.ip_forward=1";
  const drop =
    "iptables: chain FORWARD of table filter has policy DROP and no rule that accepts: no answer; iptables -I …";
  const statuses = {
    known: true,
    value: [{ plugin: "portmap", network: "net", missing: ["conntrack: gone"], warnings: [text, drop] }],
  } as const;
  const found = diagnose({ ...nothing, statuses });
  expect(found.find(({ check }) => check === "sysctls")).toMatchObject({
    severity: "warning",
    what: "sysctl net/ipv4/ip_forward is 0: nobody gets an answer",
    remedy: "sysctl -w net.ipv4.ip_forward=1",
    where: "portmap of network net",
  });
  expect(found.find(({ check }) => check === "forward-policy")).toMatchObject({ severity: "broken" });
  expect(found.find(({ check }) => check === "readiness")).toMatchObject({ severity: "broken" });
  expect(exitCodeFor(found)).toBe(2);
});
