import { describe, expect, test } from "vitest";
import { renderAttached } from "./render-attached.ts";

const result = {
  cniVersion: "1.0.0",
  interfaces: [{ name: "cni0" }, { name: "eth0", sandbox: "/run/netns/web" }],
  ips: [
    { address: "10.88.0.5/16", gateway: "10.88.0.1", interface: 1 },
    { address: "fd00::5/64", interface: 1 },
    { address: "10.88.0.1/16", interface: 0 },
  ],
};
const lines = (
  capabilityArgs: Parameters<typeof renderAttached>[1]["capabilityArgs"],
  of: typeof result | object = result,
) => renderAttached({ ...of } as typeof result, { ifname: "eth0", capabilityArgs });

describe("an attachment", () => {
  test("has the container's addresses", () => {
    expect(lines({})).toEqual([
      ["address", "10.88.0.5/16, gateway 10.88.0.1"],
      ["address", "fd00::5/64"],
    ]);
  });

  test("of an old version has them, too", () => {
    expect(lines({}, { cniVersion: "0.2.0", ip4: { ip: "10.0.0.2/24", gateway: "10.0.0.1" } })).toEqual([
      ["address", "10.0.0.2/24, gateway 10.0.0.1"],
    ]);
  });

  test.each([
    [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }, "8080/tcp -> 10.88.0.5:80 and [fd00::5]:80"],
    [
      { hostPort: 53, containerPort: 53, protocol: "udp", hostIP: "127.0.0.1" },
      "127.0.0.1:53/udp -> 10.88.0.5:53",
    ],
    [{ hostPort: 1, containerPort: 2, protocol: "sctp", hostIP: "::1" }, "[::1]:1/sctp -> [fd00::5]:2"],
  ])("forwards %j", (mapping, text) => {
    expect(lines({ portMappings: [mapping] }).at(-1)).toEqual(["forwarded", text]);
  });

  test("is limited", () => {
    const bandwidth = { ingressRate: 10_000_000, ingressBurst: 500_000, egressRate: 0 };
    expect(lines({ bandwidth }).at(-1)).toEqual(["limited", "10Mbit into the container"]);
  });
});
