import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exec } from "../lib/process.ts";
import { must, released, root, type Unpacked } from "./unpacked.ts";

const plugins = ["portmap", "bandwidth", "loopback"];

let made: Unpacked;
beforeAll(async () => {
  made = await released();
});
afterAll(() => made.remove());

const at = (name: string) => join(made.bin, name);
const sha256 = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");
const about = (name: string) => must([at(name), "--about"], {});
/** Names and versions of a part of what --about prints. */
function parts(text: string, title: string): string[] {
  const [, rows = ""] = text.split(`${title}\n`);
  return (rows.split("\n\n")[0] ?? "").split("\n").flatMap((row) => {
    const [, name, version] = /^ {2}(\S+) +(\S*)/.exec(row) ?? [];
    return name === undefined ? [] : [`${name}@${version === "-" ? "" : version}`];
  });
}

describe("the archive", () => {
  test("is laid out as the reference's: the executables at the top, root's, and nobody else may write them", async () => {
    const lines = (await must(["tar", "--numeric-owner", "-tvzf", made.archive])).trim().split("\n");
    const found = lines.map((line) => {
      const [mode = "", owner = "", , , , ...name] = line.split(/\s+/);
      return `${mode} ${owner} ${name.join(" ")}`;
    });
    expect(found).toEqual([
      "-rwxr-xr-x 0/0 portmap",
      "hrwxr-xr-x 0/0 bandwidth link to portmap",
      "hrwxr-xr-x 0/0 loopback link to portmap",
      "-rwxr-xr-x 0/0 cni-chain",
      ...["LICENSE", "README.md", "CHANGELOG.md", "THIRD-PARTY.md"].map((name) => `-rw-r--r-- 0/0 ${name}`),
      "drwxr-xr-x 0/0 examples/",
      ...readdirSync(at("examples"))
        .sort()
        .map((name) => `-rw-r--r-- 0/0 examples/${name}`),
    ]);
    expect(readdirSync(at("examples")).length).toBeGreaterThan(1);
  });

  test("unpacks to one file for the three plugins, and says how much that takes", () => {
    const inodes = plugins.map((name) => lstatSync(at(name)).ino);
    expect(new Set(inodes).size).toBe(1);
    const twoFiles = lstatSync(at("portmap")).size + lstatSync(at("cni-chain")).size;
    const said = Number(/unpacked ([\d.]+) MB/.exec(made.said)?.[1]) * 1e6;
    expect(said).toBeGreaterThan(twoFiles);
    expect(said).toBeLessThan(twoFiles * 1.02);
    expect(made.said).toContain("every executable ran");
  });

  test("has the sums that sha256sum checks, and another byte is noticed", async () => {
    const check = (folder: string) =>
      exec(["sh", "-c", `cd "$1" && sha256sum --check SHA256SUMS`, "sh", folder], { env: process.env });
    expect(await check(made.folder)).toMatchObject({ exitCode: 0 });
    const changed = join(made.folder, "changed");
    mkdirSync(changed);
    await must(["cp", join(made.folder, "SHA256SUMS"), made.bill, made.archive, changed]);
    writeFileSync(join(changed, basename(made.bill)), "{}");
    expect((await check(changed)).exitCode).not.toBe(0);
  });

  test("is of one version: its name, its changelog, its readme, and what each executable says", async () => {
    const { version } = made;
    expect(basename(made.archive)).toBe(`cni-chain-linux-amd64-v${version}.tgz`);
    expect(/^## (\S+)$/m.exec(readFileSync(at("CHANGELOG.md"), "utf8"))?.[1]).toBe(version);
    expect(readFileSync(at("README.md"), "utf8")).toMatch(`cni-chain ${version} for linux-amd64`);
    for (const name of plugins) {
      expect((await exec([at(name)], {})).stderr).toContain(`CNI ${name} plugin v${version}\n`);
      expect(await about(name)).toMatch(`${name} ${version} (linux-x64), Apache-2.0\n`);
    }
    expect(await must([at("cni-chain"), "version"])).toContain(`cni-chain ${version}\n`);
    expect(await about("cni-chain")).toMatch(`cni-chain ${version} (linux-x64), Apache-2.0\n`);
  });

  test("has examples in which cni-chain validate finds nothing", async () => {
    const files = readdirSync(at("examples")).map((name) => at(`examples/${name}`));
    const { exitCode, stdout } = await exec([at("cni-chain"), "validate", ...files], { env: process.env });
    expect(exitCode, stdout).toBe(0);
  });

  test("passes on the licences of all that is of others", async () => {
    const text = readFileSync(at("THIRD-PARTY.md"), "utf8");
    const names = parts(await about("cni-chain"), "Packages inside:");
    const foreign = names.filter((name) => !name.endsWith(`@${made.version}`));
    expect(foreign.length).toBeGreaterThan(10);
    for (const name of foreign) {
      const [, title = ""] = /^(.*)@[^@]*$/.exec(name) ?? [];
      expect(text).toContain(`\n## ${title} ${name.slice(title.length + 1)} (`);
    }
    expect(text).toContain("JavaScriptCore");
  });
});

describe("the bill of materials", () => {
  const read = () => JSON.parse(readFileSync(made.bill, "utf8"));

  test("is CycloneDX 1.6, and the schema would find a fault", async () => {
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
    expect(await validator.validate(readFileSync(made.bill, "utf8"))).toBeNull();
    const wrong = { ...read(), components: [{ name: "of no type" }] };
    expect(await validator.validate(JSON.stringify(wrong))).not.toBeNull();
  });

  test("lists every package inside each executable, and the executable by its sum", async () => {
    const { components, dependencies } = read();
    const byRef = new Map<string, { name: string; version?: string; hashes?: { content: string }[] }>(
      components.map((one: { "bom-ref": string }) => [one["bom-ref"], one]),
    );
    for (const name of ["portmap", "cni-chain"]) {
      const text = await about(name);
      const inside = [...parts(text, "Packages inside:"), ...parts(text, "The engine, and what is in it:")];
      expect(inside.length).toBeGreaterThan(20);
      const ref = `file:${name}@${made.version}`;
      const { dependsOn } = dependencies.find((one: { ref: string }) => one.ref === ref);
      expect(dependsOn).toEqual(inside);
      for (const part of inside) expect(byRef.has(part), part).toBe(true);
      expect(byRef.get(ref)?.hashes?.[0]?.content).toBe(sha256(at(name)));
    }
  });

  test("has the hash of the lockfile for what comes from npm", () => {
    const yargs = read().components.find(({ name }: { name: string }) => name === "yargs");
    const integrity = `sha512-${Buffer.from(yargs.hashes[0].content, "hex").toString("base64")}`;
    expect(readFileSync(join(root, "pnpm-lock.yaml"), "utf8")).toContain(
      `yargs@${yargs.version}:\n    resolution: {integrity: ${integrity}}`,
    );
  });
});

describe("one file with three names", () => {
  const versionOf = (file: string) => exec([file], { env: {}, stdin: "" }).then(({ stderr }) => stderr);

  test.each(plugins)("%s is found by a symlink's name, a copy's, and a name it stands in", async (name) => {
    const place = join(made.folder, `as-${name}`);
    mkdirSync(place);
    symlinkSync(at("portmap"), join(place, name));
    expect(await versionOf(join(place, name))).toContain(`CNI ${name} plugin`);
    await must(["cp", at(name), join(place, `new-${name}`)]);
    expect(await versionOf(join(place, `new-${name}`))).toContain(`CNI ${name} plugin`);
  });

  test("under a name that means none it answers with an error, whatever it is asked", async () => {
    const file = join(made.folder, "bridge");
    await must(["cp", at("portmap"), file]);
    const { exitCode, stdout } = await exec([file], { env: { CNI_COMMAND: "VERSION" }, stdin: "{}" });
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      cniVersion: "1.1.0",
      code: 4,
      msg: `no plugin is meant by the name "${file}": there are portmap, bandwidth, loopback`,
      details: "",
    });
  });

  test.each([
    ["install", (from: string, to: string) => ["install", "-m", "755", from, to]],
    ["mv", (from: string, to: string) => ["mv", from, to]],
    ["cp --remove-destination", (from: string, to: string) => ["cp", "--remove-destination", from, to]],
    [
      "tar",
      (from: string, to: string) => [
        "sh",
        "-c",
        'tar -c -C "$(dirname "$1")" loopback | tar -x -C "$(dirname "$2")"',
        "sh",
        from,
        to,
      ],
    ],
  ])("%s puts another plugin in the place of one, and of that alone", async (how, argv) => {
    const place = join(made.folder, `replaced-by-${how.replaceAll(" ", "")}`);
    mkdirSync(join(place, "from"), { recursive: true });
    await must(["tar", "-xzf", made.archive, "-C", place, ...plugins]);
    const before = sha256(join(place, "portmap"));
    writeFileSync(join(place, "from", "loopback"), "#!/bin/sh\n", { mode: 0o755 });
    await must(argv(join(place, "from", "loopback"), join(place, "loopback")));
    expect(readFileSync(join(place, "loopback"), "utf8")).toBe("#!/bin/sh\n");
    expect([sha256(join(place, "portmap")), sha256(join(place, "bandwidth"))]).toEqual([before, before]);
  });
});
