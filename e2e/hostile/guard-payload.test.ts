import { isDeviceName } from "@cni-chain/netlink";
import fc from "fast-check";
import { expect, test } from "vitest";
import { patience, rounds } from "../lib/long.ts";
import { FakeTools } from "./lib/fake-tools.ts";
import { callInProcess } from "./lib/in-process.ts";
import { nastyTexts } from "./lib/mutate.ts";
import { readRestore } from "./lib/read-restore.ts";
import { tryProperty } from "./lib/try-property.ts";

const opened = "route_localnet opened";
const device = fc
  .oneof(fc.constantFrom(...nastyTexts), fc.string({ unit: "binary", minLength: 1, maxLength: 15 }))
  .filter((text) => text.isWellFormed() && isDeviceName(text));

test("the guard is made for the device and nothing else", { timeout: patience(60_000, 600_000) }, async ({
  task,
}) => {
  const count = rounds(200, 20_000);
  let taken = 0;
  const property = fc.asyncProperty(device, fc.boolean(), async (name, byNft) => {
    const tools = new FakeTools({ device: name, isClosed: true });
    const document = {
      ...{ cniVersion: "1.0.0", name: "net", type: "portmap", backend: byNft ? "nftables" : "iptables" },
      runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }] },
      prevResult: { cniVersion: "1.0.0", ips: [{ address: "10.0.0.2/24" }] },
    };
    const env = {
      CNI_COMMAND: "ADD",
      CNI_CONTAINERID: "c1",
      CNI_IFNAME: "eth0",
      CNI_NETNS: "/x",
      CNI_PATH: "/x",
    };
    const answer = await callInProcess("portmap", env, JSON.stringify(document), tools);
    const written = tools.commands.flatMap(({ file, stdin }) =>
      /^(iptables-restore|nft)$/.test(file) && stdin ? [stdin] : [],
    );
    const isUnwritable = byNft ? /["\p{Cc}]/u.test(name) : /\p{Cc}/u.test(name);
    if (answer.exitCode !== 0) {
      expect(isUnwritable, answer.stdout).toBe(true);
      expect(JSON.parse(answer.stdout)).toMatchObject({ code: 100 });
      expect(written.filter((text) => text.includes(opened))).toEqual([]);
      return;
    }
    taken += 1;
    const marks = byNft
      ? written.flatMap((text) => text.split("\n").filter((line) => line.includes(opened)))
      : written.flatMap((text) =>
          readRestore(text).flatMap(({ lines }) =>
            lines.filter(({ words }) => words.includes(opened)).map(({ words }) => words),
          ),
        );
    expect(marks).toEqual([
      byNft
        ? `insert rule ip cni_hostport loopback_guard iifname "${name}" ip daddr 127.0.0.0/8 drop comment "${opened}"`
        : ["-I", "CNI-HOSTPORT-LOCAL", "1", "-i", name, "-m", "comment", "--comment", opened, "-j", "DROP"],
    ]);
  });
  await tryProperty(task, { what: "guards for devices of odd names", times: count }, property, {
    numRuns: count,
  });
  expect(taken).toBeGreaterThan(count / 10);
});
