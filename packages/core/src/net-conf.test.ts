import { describe, expect, it, test } from "vitest";
import type { JsonObject } from "./json.ts";
import { foldNetConf, readNetConf } from "./net-conf.ts";
import { type CniVersion, cniVersions } from "./versions.ts";

function read(
  document: JsonObject,
  command: "ADD" | "CHECK" | "DEL" | "GC" | "STATUS" = "ADD",
  supported: readonly CniVersion[] = cniVersions,
) {
  return readNetConf(document, supported, command);
}

describe("readNetConf", () => {
  test.each(cniVersions)("takes %s", (cniVersion) => {
    expect(read({ name: "net", cniVersion })).toMatchObject({ name: "net", cniVersion });
  });

  test.each([{}, { cniVersion: "" }])("takes a missing version for 0.1.0: %j", (version) => {
    expect(read({ name: "net", ...version })).toEqual({
      name: "net",
      cniVersion: "0.1.0",
      document: { name: "net", cniVersion: "0.1.0" },
    });
  });

  test.each<[JsonObject, string]>([
    [{ cniVersion: "2.0.0" }, 'cniVersion "2.0.0" is not supported; supported are 0.3.0, 1.0.0'],
    [{ cniVersion: 1 }, "cniVersion 1 is not supported; supported are 0.3.0, 1.0.0"],
    [{}, 'cniVersion "0.1.0" (none given means 0.1.0) is not supported; supported are 0.3.0, 1.0.0'],
  ])("refuses a version the plugin does not speak: %j", (document, message) => {
    const call = () => read({ name: "net", ...document }, "DEL", ["0.3.0", "1.0.0"]);
    expect(call).toThrow(expect.objectContaining({ code: 1, message }));
  });

  const since = [
    ["CHECK", "0.4.0"],
    ["GC", "1.1.0"],
    ["STATUS", "1.1.0"],
  ] as const;
  const atEach = cniVersions.flatMap((version) =>
    since.map(([command, least]) => ({ version, command, least })),
  );
  test.each(atEach)("$command at $version", ({ version, command, least }) => {
    const call = () => read({ name: "net", cniVersion: version }, command);
    if (version >= least) expect(call()).toMatchObject({ cniVersion: version });
    else
      expect(call).toThrow(
        expect.objectContaining({ code: 1, message: expect.stringContaining(`has no ${command}`) }),
      );
  });

  test.each<[JsonObject, string]>([
    [{}, "name: missing"],
    [{ name: "" }, "name: missing"],
    [{ name: "my net" }, 'name: "my net"'],
    [{ name: 7 }, "name: 7"],
  ])("refuses the name in %j", (document, start) => {
    const message = expect.stringContaining(start);
    expect(() => read({ cniVersion: "1.0.0", ...document })).toThrow(
      expect.objectContaining({ code: 7, message }),
    );
  });

  it("refuses what is no object", () => {
    expect(() => foldNetConf([1], {})).toThrow(expect.objectContaining({ code: 6 }));
    expect(() => foldNetConf(null, {})).toThrow(expect.objectContaining({ code: 6 }));
  });
});
