import { describe, expect, it, test } from "vitest";
import { CniError } from "./cni-error.ts";
import { readInvocation } from "./invocation.ts";

const full = {
  CNI_CONTAINERID: "c1",
  CNI_NETNS: "/run/netns/c1",
  CNI_IFNAME: "eth0",
  CNI_PATH: "/opt/cni/bin",
};

function problemsOf(env: Record<string, string>): string[] {
  try {
    readInvocation(env);
  } catch (error) {
    if (error instanceof CniError && error.code === 4) return error.details.split("\n");
    throw error;
  }
  return [];
}

describe("readInvocation", () => {
  it("is undefined when a person calls", () => {
    expect(readInvocation({ PATH: "/bin" })).toBeUndefined();
    expect(readInvocation({ ...full, CNI_COMMAND: "" })).toBeUndefined();
  });

  it("needs nothing for VERSION", () => {
    expect(readInvocation({ CNI_COMMAND: "VERSION" })).toEqual({ command: "VERSION" });
    expect(readInvocation({ CNI_COMMAND: "VERSION", CNI_IFNAME: "..", CNI_CONTAINERID: "-" })).toEqual({
      command: "VERSION",
    });
  });

  // libcni sets every variable for these, too, and leaves it empty.
  const empty = { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "", CNI_ARGS: "" };
  test.each(["GC", "STATUS"] as const)("needs nothing but CNI_PATH for %s", (command) => {
    expect(readInvocation({ ...empty, CNI_PATH: "/opt/cni/bin", CNI_COMMAND: command })).toEqual({ command });
  });

  const container = { containerId: "c1", ifname: "eth0", netnsOverride: false };
  test.each(["ADD", "CHECK"] as const)("reads %s", (command) => {
    expect(readInvocation({ ...full, CNI_COMMAND: command })).toEqual({
      command,
      ...container,
      netns: "/run/netns/c1",
    });
  });

  test.each([
    ["/run/netns/c1", "/run/netns/c1"],
    ["", undefined],
  ])("reads DEL with CNI_NETNS=%j", (written, netns) => {
    expect(readInvocation({ ...full, CNI_COMMAND: "DEL", CNI_NETNS: written })).toEqual({
      command: "DEL",
      ...container,
      netns,
    });
  });

  test.each([
    ["TRUE", true],
    ["true", true],
    ["True", true],
    ["1", true],
    ["0", false],
    ["yes", false],
    ["", false],
  ])("CNI_NETNS_OVERRIDE=%j is %s", (written, netnsOverride) => {
    const env = { ...full, CNI_COMMAND: "ADD", CNI_NETNS_OVERRIDE: written };
    expect(readInvocation(env)).toMatchObject({ netnsOverride });
  });

  test.each([
    ["ADD", ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"]],
    ["CHECK", ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"]],
    ["DEL", ["CNI_CONTAINERID", "CNI_IFNAME", "CNI_PATH"]],
    ["GC", ["CNI_PATH"]],
    ["STATUS", ["CNI_PATH"]],
  ])("%s names every missing variable at once", (CNI_COMMAND, names) => {
    const missing = names.map((name) => `${name}: missing, ${CNI_COMMAND} needs it`);
    expect(problemsOf({ CNI_COMMAND })).toEqual(missing);
    const empty = Object.fromEntries(names.map((name) => [name, ""]));
    expect(problemsOf({ CNI_COMMAND, ...empty })).toEqual(missing);
  });

  it("names every bad value at once, with what is allowed", () => {
    expect(problemsOf({ ...full, CNI_COMMAND: "ADD", CNI_CONTAINERID: "a/b", CNI_IFNAME: "eth 0" })).toEqual([
      `CNI_CONTAINERID="a/b": allowed is a letter or digit, then letters, digits, '_', '.' and '-'`,
      `CNI_IFNAME="eth 0": allowed is at most 15 bytes, not '.' or '..', without '/', ':' and white space`,
    ]);
  });

  test.each(["gc", "UPDATE", "add", "toString", "__proto__"])("refuses the command %s", (CNI_COMMAND) => {
    expect(problemsOf({ ...full, CNI_COMMAND })).toEqual([
      `CNI_COMMAND=${JSON.stringify(CNI_COMMAND)}: allowed are VERSION, ADD, CHECK, DEL, GC, STATUS`,
    ]);
  });

  test.each(["a", "0", "d20a7f2a0d6e", "a_b.c-d", "A".repeat(200)])("takes container ID %j", (id) => {
    expect(problemsOf({ ...full, CNI_COMMAND: "ADD", CNI_CONTAINERID: id })).toEqual([]);
  });

  test.each(["-a", ".a", "_a", "a b", "a\n", "a/b", "ä", "a:b"])("refuses container ID %j", (id) => {
    expect(problemsOf({ ...full, CNI_COMMAND: "ADD", CNI_CONTAINERID: id })).toHaveLength(1);
  });

  test.each(["eth0", "...", "a".repeat(15), "é".repeat(7), "-x", "a@b"])("takes IFNAME %j", (name) => {
    expect(problemsOf({ ...full, CNI_COMMAND: "ADD", CNI_IFNAME: name })).toEqual([]);
  });

  test.each([".", "..", "a/b", "a:b", "a b", "a\tb", "a\u0085b", "a".repeat(16), "é".repeat(8)])(
    "refuses IFNAME %j",
    (name) => {
      expect(problemsOf({ ...full, CNI_COMMAND: "ADD", CNI_IFNAME: name })).toHaveLength(1);
    },
  );
});
