import { type LinkChange, renderLinkChange } from "@cni-chain/ip-ts";
import { linksByNetlink } from "@cni-chain/ip-ts/netlink";
import fc from "fast-check";
import { bytes, bytesPerSecond, type Handle, renderChange, renderShow, type TcChange } from "tc-ts";
import { trafficControlByNetlink } from "tc-ts/netlink";
import { expect, test } from "vitest";
import { patience, rounds } from "../lib/long.ts";
import { FakeKernel } from "./lib/fake-kernel.ts";
import { nastyTexts } from "./lib/mutate.ts";
import { type Meant, meaningOf, readBatch } from "./lib/read-batch.ts";
import { tryProperty } from "./lib/try-property.ts";

// Whatever text a change of a link or a qdisc holds: what it is made into, for `ip`, for `tc` and for the kernel, is that change
// and nothing more, or it is refused.

const nasty = fc.oneof(
  fc.constantFrom(...nastyTexts),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom(
    "dev",
    "type",
    "alias x",
    "x up",
    "lo\nlink delete dev lo",
    "action mirred",
    "root",
    "a' b",
    'a" b',
  ),
);
const name = fc.oneof({ arbitrary: fc.string({ minLength: 1, maxLength: 15 }), weight: 2 }, nasty);
const most32 = 2 ** 32 - 1;

const linkChange: fc.Arbitrary<LinkChange> = fc.oneof(
  fc.record({ do: fc.constant("addIfb" as const), name, mtu: fc.nat(65535), txqlen: fc.nat(1000) }),
  fc.record(
    {
      do: fc.constant("set" as const),
      name,
      up: fc.boolean(),
      mtu: fc.nat(65535),
      txqlen: fc.nat(1000),
      // Half a character has no bytes of its own.
      alias: fc.oneof(nasty, fc.string({ maxLength: 255 })).map((text) => text.toWellFormed()),
    },
    { requiredKeys: ["do", "name"] },
  ),
  fc.record({ do: fc.constant("delete" as const), name }),
);

const mostly = <T>(good: fc.Arbitrary<T>, bad: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: good, weight: 8 }, { arbitrary: bad, weight: 1 });
const handle = mostly(
  fc.nat(0xffff).map((major) => `${major.toString(16)}:` as Handle),
  nasty.map((text) => `${text}:` as Handle),
);
const place = {
  preference: fc.integer({ min: 1, max: 0xffff }),
  protocol: mostly(fc.constantFrom("all", "ip", "802.1Q"), nasty),
};
const redirected = fc.record({
  ...place,
  handle: mostly(fc.constantFrom("800::800", "800:1:2", "fff:ff:fff"), nasty),
});
/** A kind is what the kernel has told. */
const kindOfFilter = mostly(
  fc.constantFrom("u32", "bpf", "flower"),
  nasty.map((text) => text.toWellFormed().replaceAll("\0", "")),
);
const other = fc.record({ ...place, type: kindOfFilter });
const tbf = fc.record({
  kind: fc.constant("tbf" as const),
  handle,
  rate: fc.integer({ min: 1, max: 2 ** 40 }).map(bytesPerSecond),
  burst: fc.integer({ min: 1, max: most32 }).map(bytes),
  limit: fc.integer({ min: 1, max: most32 }).map(bytes),
});
const kind = fc.constantFrom("ingress" as const, "clsact" as const);
const tcChange: fc.Arbitrary<TcChange> = fc.oneof(
  fc.record({ do: fc.constant("setRootTbf" as const), device: name, tbf }),
  fc.record({ do: fc.constant("deleteRoot" as const), device: name, handle }),
  fc.record({ do: fc.constantFrom("addHook" as const, "deleteHook" as const), device: name, kind }),
  fc.record({
    do: fc.constant("addRedirect" as const),
    device: name,
    preference: fc.integer({ min: 1, max: 0xffff }),
    target: name,
  }),
  fc.record({ do: fc.constant("deleteRedirect" as const), device: name, filter: redirected }),
  fc.record({ do: fc.constant("deletePreference" as const), device: name, filter: other }),
);

/** The change in words of ip(8). */
function linkWords(change: LinkChange): Meant {
  const { name } = change;
  if (change.do === "delete") return { do: "link delete", name };
  const numbers = {
    ...(change.mtu === undefined ? {} : { mtu: String(change.mtu) }),
    ...(change.txqlen === undefined ? {} : { txqlen: String(change.txqlen) }),
  };
  if (change.do === "addIfb") return { do: "link add", name, ...numbers, kind: "ifb" };
  const alias = change.alias === undefined ? {} : { alias: change.alias };
  return {
    do: "link set",
    name,
    ...numbers,
    ...alias,
    ...(change.up === undefined ? {} : { alone: change.up ? "up" : "down" }),
  };
}

/** The change in words of tc(8). */
function tcWords(change: TcChange): Meant {
  const { device } = change;
  switch (change.do) {
    case "setRootTbf": {
      const { handle, rate, burst, limit } = change.tbf;
      const numbers = { rate: `${rate}bps`, burst: String(burst), limit: String(limit) };
      return { do: "qdisc replace", device, handle, ...numbers, alone: "root tbf" };
    }
    case "deleteRoot":
      return { do: "qdisc delete", device, handle: change.handle, alone: "root" };
    case "addHook":
      return { do: "qdisc add", device, alone: change.kind };
    case "deleteHook":
      return { do: "qdisc delete", device, alone: change.kind };
    case "addRedirect": {
      const place = { protocol: "all", preference: String(change.preference), classId: "1:1" };
      return {
        do: "filter add",
        device,
        ...place,
        target: change.target,
        alone: "ingress u32 match u32 0 0",
      };
    }
    case "deleteRedirect": {
      const { protocol, preference, handle } = change.filter;
      return {
        do: "filter delete",
        device,
        protocol,
        preference: String(preference),
        handle,
        alone: "ingress u32",
      };
    }
    case "deletePreference": {
      const { protocol, preference, type } = change.filter;
      return {
        do: "filter delete",
        device,
        protocol,
        preference: String(preference),
        alone: `ingress ${type}`,
      };
    }
  }
}

const [request, ack, replace, exclusive, create] = [1, 4, 0x100, 0x200, 0x400];

/** The change in numbers of linux/if_link.h; an index stands for no name here. */
function linkMessage({ do: what, ...values }: LinkChange): object {
  const up = "up" in values && values.up !== undefined ? { up: Number(values.up), change: 1 } : {};
  const { up: _, ...rest } = { up: undefined, ...values };
  if (what === "delete") return { do: "deleteLink", flags: request | ack, ...rest };
  const flags = request | ack | (what === "addIfb" ? create | exclusive : 0);
  return { do: "newLink", flags, ...rest, ...up, ...(what === "addIfb" ? { kind: "ifb" } : {}) };
}

const [atRoot, atHook, arriving] = [0xffffffff, 0xfffffff1, 0xfffffff2];
const protocols: Readonly<Record<string, number>> = { all: 0x0300, ip: 0x0008, "802.1Q": 0x0081 };

/** The change in numbers of linux/pkt_sched.h and linux/pkt_cls.h. */
function tcMessage(change: TcChange, indexOf: (device: string) => number): object {
  const index = indexOf(change.device);
  const major = (text: string) => Number.parseInt(text, 16) * 0x10000;
  const info = (preference: number, protocol: string) => preference * 0x10000 + (protocols[protocol] ?? -1);
  switch (change.do) {
    case "setRootTbf": {
      const { handle, rate, burst, limit } = change.tbf;
      const place = { index, handle: major(handle), parent: atRoot, info: 0 };
      return {
        do: "newQdisc",
        flags: request | ack | create | replace,
        ...place,
        kind: "tbf",
        rate,
        burst,
        limit,
      };
    }
    case "deleteRoot":
      return {
        do: "deleteQdisc",
        flags: request | ack,
        index,
        handle: major(change.handle),
        parent: atRoot,
        info: 0,
      };
    case "addHook":
    case "deleteHook": {
      const [what, flags] = change.do === "addHook" ? ["newQdisc", create | exclusive] : ["deleteQdisc", 0];
      const place = { index, handle: 0xffff0000, parent: atHook, info: 0 };
      return {
        do: what,
        flags: request | ack | flags,
        ...place,
        kind: change.kind,
      };
    }
    case "addRedirect": {
      const place = { index, handle: 0, parent: arriving, info: info(change.preference, "all"), kind: "u32" };
      const action = {
        classId: 0x10001,
        action: "mirred",
        steal: 4,
        direction: 1,
        target: indexOf(change.target),
      };
      return { do: "newFilter", flags: request | ack | create | exclusive, ...place, ...action };
    }
    case "deleteRedirect": {
      const { preference, protocol, handle } = change.filter;
      const [table = 0, bucket = 0, node = 0] = handle
        .split(":")
        .map((part) => Number.parseInt(part || "0", 16));
      const place = { index, handle: table * 2 ** 20 + bucket * 2 ** 12 + node, parent: arriving };
      return {
        do: "deleteFilter",
        flags: request | ack,
        ...place,
        info: info(preference, protocol),
        kind: "u32",
      };
    }
    case "deletePreference": {
      const { preference, protocol, type } = change.filter;
      const place = { index, handle: 0, parent: arriving, info: info(preference, protocol) };
      return { do: "deleteFilter", flags: request | ack, ...place, kind: type };
    }
  }
}

/** Undefined where it is refused as it should be. */
function unlessRefused<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}

async function sentBy(kernel: FakeKernel, work: Promise<unknown>): Promise<readonly object[] | undefined> {
  try {
    await work;
    return kernel.changes;
  } catch (error) {
    // What is refused is refused before anything is sent.
    expect(kernel.changes).toEqual([]);
    expect(String(error)).toMatch(/^(TypeError|RangeError|NetlinkError: .*there is no device)/s);
    return undefined;
  }
}

const count = rounds(2_000, 200_000);

test("changes of links", { timeout: patience(60_000, 600_000) }, async ({ task }) => {
  const taken = { ip: 0, kernel: 0 };
  const property = fc.asyncProperty(linkChange, async (change) => {
    const line = unlessRefused(() => renderLinkChange(change));
    if (line !== undefined) {
      expect(readBatch(`${line}\n`).map(meaningOf)).toEqual([linkWords(change)]);
      taken.ip += 1;
    }
    const kernel = new FakeKernel();
    const sent = await sentBy(kernel, linksByNetlink(kernel.open).change([change]));
    if (sent === undefined) return;
    expect(sent).toEqual([linkMessage(change)]);
    taken.kernel += 1;
  });
  await tryProperty(task, { what: "lines for ip and link messages read back", times: 2 * count }, property, {
    numRuns: count,
  });
  expect(Math.min(taken.ip, taken.kernel)).toBeGreaterThan(count / 10);
});

test("changes of qdiscs and filters", { timeout: patience(60_000, 600_000) }, async ({ task }) => {
  const taken = { tc: 0, kernel: 0 };
  const property = fc.asyncProperty(tcChange, async (change) => {
    const line = unlessRefused(() => renderChange(change));
    if (line !== undefined) {
      expect(readBatch(`${line}\n`).map(meaningOf)).toEqual([tcWords(change)]);
      taken.tc += 1;
    }
    const shows = unlessRefused(() => renderShow(change.device));
    if (shows !== undefined) {
      const { device } = change;
      expect(readBatch(`${shows.join("\n")}\n`).map(meaningOf)).toEqual([
        { do: "qdisc show", device },
        { do: "filter show", device, alone: "ingress" },
      ]);
    }
    const kernel = new FakeKernel();
    const sent = await sentBy(kernel, trafficControlByNetlink(kernel.open).change([change]));
    if (sent === undefined) return;
    expect(sent).toEqual([tcMessage(change, (device) => kernel.indexOf(device))]);
    taken.kernel += 1;
  });
  await tryProperty(task, { what: "lines for tc and its messages read back", times: 2 * count }, property, {
    numRuns: count,
  });
  expect(Math.min(taken.tc, taken.kernel)).toBeGreaterThan(count / 10);
});
