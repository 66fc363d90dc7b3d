import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Failure } from "../failure.ts";
import { loadConfDir, loadConfList } from "./conf-list.ts";

let confDir = "";
beforeEach(() => {
  confDir = mkdtempSync(join(tmpdir(), "net.d-"));
});
afterEach(() => rmSync(confDir, { recursive: true }));

function write(file: string, document: unknown): string {
  const path = join(confDir, file);
  writeFileSync(path, typeof document === "string" ? document : JSON.stringify(document));
  return path;
}

const list = (name: string, ...types: string[]) => ({
  cniVersion: "1.0.0",
  name,
  plugins: types.map((type) => ({ type })),
});

const types = async (name: string) => (await loadConfList(name, { confDir })).plugins.map(({ type }) => type);

async function failure(pathOrName: string): Promise<Failure> {
  const error = await loadConfList(pathOrName, { confDir }).catch((thrown: unknown) => thrown);
  if (error instanceof Failure) return error;
  throw new Error(`not a Failure: ${String(error)}`);
}

describe("a network's name", () => {
  test("finds a list before a single plugin, and the first file of several", async () => {
    write("05-x.conf", { name: "net", type: "ptp" });
    write("20-x.conflist", list("net", "second"));
    write("10-x.conflist", list("net", "first"));
    write("90-y.json", { name: "single", type: "vlan" });
    expect(await types("net")).toEqual(["first"]);
    expect(await types("single")).toEqual(["vlan"]);
  });

  test("finds it past a file that is broken, and names that file where it does not", async () => {
    const broken = write("00-broken.conflist", "{");
    write("10-x.conflist", list("net", "bridge"));
    write("README.md", "no network");
    expect(await types("net")).toEqual(["bridge"]);
    const { message, details } = await failure("nett");
    expect(message).toContain("nett");
    expect(details[0]).toBe("it has: net");
    expect(details[1]).toContain(broken);
  });

  test("in a directory that is not there", async () => {
    rmSync(confDir, { recursive: true });
    expect((await failure("net")).details[0]).toContain("no network at all");
    expect(await loadConfDir(confDir)).toEqual({ lists: [], problems: [] });
    mkdirSync(confDir);
  });
});

describe("a path", () => {
  test("is a file, whatever the directory has", async () => {
    const path = write("x.conflist", list("net", "bridge"));
    expect(await loadConfList(path, { confDir: "/nowhere" })).toMatchObject({ name: "net", file: path });
  });

  test("that leads nowhere", async () => {
    expect((await failure("./none.conflist")).message).toContain("./none.conflist");
    expect((await failure("none.conf")).details[0]).toContain("ENOENT");
  });

  test("without plugins", async () => {
    expect((await failure(write("x.conflist", list("net")))).details[0]).toContain("there is none");
  });
});

describe("plugins in a folder of the network's name", () => {
  beforeEach(() => {
    mkdirSync(join(confDir, "net"));
    write("net/20-b.conf", { type: "b" });
    write("net/10-a.conf", { type: "a" });
    write("net/30-c.conflist", { type: "c" });
  });

  test("come behind those of the list", async () => {
    write("x.conflist", list("net", "bridge"));
    expect(await types("net")).toEqual(["bridge", "a", "b"]);
  });

  test("are enough", async () => {
    write("x.conflist", { ...list("net"), plugins: undefined });
    expect(await types("net")).toEqual(["a", "b"]);
  });

  test("are left where the list wants its own alone", async () => {
    write("x.conflist", { ...list("net", "bridge"), loadOnlyInlinedPlugins: true });
    expect(await types("net")).toEqual(["bridge"]);
  });
});
