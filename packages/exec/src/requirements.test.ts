import { describe, expect, test } from "vitest";
import {
  findTool,
  lackingCapabilities,
  missingFeatures,
  type NodeFiles,
  nodeFiles,
  unmet,
  withUsualPlaces,
} from "./requirements.ts";

/** A node with these text files and executables and nothing else. */
function node(texts: Readonly<Record<string, string>>, executables: readonly string[] = []): NodeFiles {
  return {
    text: async (path) => texts[path],
    isExecutable: (path) => executables.includes(path),
  };
}

describe("findTool", () => {
  test.each([
    ["/bin:/usr/sbin", ["/usr/sbin/tc"], { kind: "onPath", directory: "/usr/sbin" }],
    ["/bin:/usr/sbin", ["/usr/sbin/tc", "/bin/tc"], { kind: "onPath", directory: "/bin" }],
    ["/usr/bin:/bin", ["/sbin/tc"], { kind: "elsewhere", directory: "/sbin" }],
    ["", ["/usr/sbin/tc"], { kind: "elsewhere", directory: "/usr/sbin" }],
    ["/opt/bin:", ["/tc"], { kind: "missing" }],
  ])("on PATH %j with %j", (path, executables, found) => {
    expect(findTool(node({}, executables), "tc", path)).toEqual(found);
  });

  test.each([
    ["", "/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/sbin:/usr/local/bin"],
    ["/opt/bin::/bin:", "/opt/bin:/bin:/usr/sbin:/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"],
  ])("PATH %j with the usual places behind it has none twice, and not the working directory", (path, all) => {
    expect(withUsualPlaces(path)).toBe(all);
  });

  test("on the node itself finds a file that can be executed, and nothing else", () => {
    expect(findTool(nodeFiles, "sh", process.env["PATH"] ?? "")).toMatchObject({ kind: "onPath" });
    expect(nodeFiles.isExecutable("/proc/self/status")).toBe(false);
    expect(nodeFiles.isExecutable("/usr")).toBe(false);
  });
});

describe("lackingCapabilities", () => {
  const wanted = ["CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_SYS_ADMIN"] as const;
  test.each([
    ["CapPrm:\t000001ffffffffff\nCapEff:\t000001ffffffffff\n", []],
    ["CapEff:\t0000000000000000\nCapBnd:\t000001ffffffffff\n", wanted],
    ["CapEff:\t0000000000001000\n", ["CAP_NET_RAW", "CAP_SYS_ADMIN"]],
    ["CapEff:\t0000000000203000\n", []],
    ["Name:\tportmap\n", []],
  ])("%j", (status, lacking) => {
    expect(lackingCapabilities(status, wanted)).toEqual(lacking);
  });
});

describe("missingFeatures", () => {
  const features = [
    { module: "ifb", option: "CONFIG_IFB" },
    { module: "sch_tbf", option: "CONFIG_NET_SCH_TBF" },
  ];
  const kernel = { "/proc/sys/kernel/osrelease": "6.1.0\n" };
  const modules = (builtIn: string, dep: string) => ({
    "/lib/modules/6.1.0/modules.builtin": builtIn,
    "/lib/modules/6.1.0/modules.dep": dep,
  });
  const tbf = "kernel/net/sched/sch-tbf.ko.xz:\n";
  const ifb = "kernel/drivers/net/ifb.ko: kernel/x.ko\n";
  const frozen = { "/proc/sys/kernel/modules_disabled": "1\n" };
  const config = "CONFIG_NET=y\nCONFIG_NET_SCH_TBF=m\n";

  test.each<[string, Record<string, string>, string[]]>([
    ["nothing is known", kernel, []],
    ["not even the release", modules("", ""), []],
    ["both are loadable", { ...kernel, ...modules("", ifb + tbf) }, []],
    [
      "both are built in",
      { ...kernel, ...modules("kernel/drivers/net/ifb.ko\nkernel/net/sched/sch_tbf.ko\n", "") },
      [],
    ],
    [
      "one only is a dependency",
      { ...kernel, ...modules("", `${tbf}kernel/xifb.ko: \n`) },
      ["ifb: neither built into"],
    ],
    ["the list of loadable ones is not there", { ...kernel, "/lib/modules/6.1.0/modules.builtin": "" }, []],
    [
      "one is loaded from elsewhere",
      { ...kernel, ...modules("", tbf), "/proc/modules": "ifb 16384 0 - Live 0x0\n" },
      [],
    ],
    [
      "nothing can be loaded",
      { ...kernel, ...modules("", ifb + tbf), ...frozen, "/proc/modules": "ifb 1 0\n" },
      ["sch_tbf: not loaded"],
    ],
    [
      "built in, and nothing can be loaded",
      { ...kernel, ...modules("ifb.ko\nsch_tbf.ko", ""), ...frozen },
      [],
    ],
    [
      "one is off",
      { ...kernel, "/proc/config.gz": `${config}# CONFIG_IFB is not set\n` },
      ["ifb: kernel 6.1.0 is built without CONFIG_IFB"],
    ],
    [
      "one has no line",
      { ...kernel, "/boot/config-6.1.0": config },
      ["ifb: kernel 6.1.0 is built without CONFIG_IFB"],
    ],
    ["both are on", { ...kernel, "/proc/config.gz": `${config}CONFIG_IFB=y\n` }, []],
    ["the configuration is none", { ...kernel, "/proc/config.gz": "" }, []],
  ])("where %s", async (_, texts, starts) => {
    expect(await missingFeatures(node(texts), features)).toEqual(
      starts.map((start) => expect.stringContaining(`kernel module ${start}`)),
    );
  });
});

test("everything that is missing is told at once, with what to do", async () => {
  const files = node({ "/proc/self/status": "CapEff:\t0000000000000000\n" }, ["/bin/ip", "/usr/sbin/tc"]);
  const needs = { tools: ["ip", "tc", "nsenter"], capabilities: ["CAP_NET_ADMIN"], kernel: [] } as const;
  expect(await unmet(needs, "/bin", files)).toEqual([
    "tc: no such executable on PATH (/bin), but there is one in /usr/sbin: add that to the PATH of the runtime",
    "nsenter: no such executable on PATH (/bin); install it",
    "CAP_NET_ADMIN: not among this process's effective capabilities",
  ]);
  expect(await unmet({ tools: ["ip"], capabilities: [], kernel: [] }, "/bin", files)).toEqual([]);
});

test("the node's own files are read, packed ones unpacked, and a missing one is nothing", async () => {
  expect(await nodeFiles.text("/proc/self/status")).toMatch(/^CapEff:/m);
  expect(await nodeFiles.text("/nowhere/config.gz")).toBeUndefined();
});
