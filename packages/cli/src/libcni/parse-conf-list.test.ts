import { describe, expect, test } from "vitest";
import { ConfError, parseConfList } from "./parse-conf-list.ts";

const chain = { name: "net", cniVersion: "1.0.0", plugins: [{ type: "bridge" }] };
const list = (more: object) => parseConfList(JSON.stringify({ ...chain, ...more }));

describe("a list", () => {
  test("is read with what its plugins declare, in any case of the keys", () => {
    const plugins = [
      { type: "bridge" },
      { Type: "portmap", Capabilities: { portMappings: true, aliases: false } },
    ];
    expect(list({ plugins }).plugins).toEqual([
      { type: "bridge", capabilities: [], document: plugins[0] },
      { type: "portmap", capabilities: ["portMappings"], document: plugins[1] },
    ]);
  });

  test("keeps its text for the cache", () => {
    const text = `{ "name": "net",\n "plugins": [{"type":"bridge"}] }`;
    expect(parseConfList(text).text).toBe(text);
  });

  test.each([
    [{}, "1.0.0"],
    [{ cniVersion: undefined }, "0.1.0"],
    [{ cniVersion: "" }, "0.1.0"],
    [{ cniVersions: ["0.4.0", "1.1.0", "1.0.0"] }, "1.1.0"],
    [{ cniVersions: ["0.4.0", "9.0.0"] }, "1.0.0"],
    [{ cniVersions: ["0.4.0"], cniVersion: undefined }, "0.4.0"],
    [{ cniVersions: ["0.3.1"], cniVersion: "0.10.0" }, "0.10.0"],
    [{ cniVersion: "9.0.0" }, "9.0.0"],
    [{ cniVersion: "9.0.0", cniVersions: ["9.1.0"] }, "9.0.0"],
  ])("%j is called at %s", (more, version) => {
    expect(list(more).cniVersion).toBe(version);
  });

  test.each([
    [{}, false],
    [{ disableGC: true }, true],
    [{ disableGC: "TRUE" }, true],
    [{ disableGC: "false" }, false],
  ])("%j", (more, disableGC) => {
    expect(list(more)).toMatchObject({ disableGC, disableCheck: false });
  });

  test.each([
    [{ name: undefined }, "name: nothing"],
    [{ name: 3 }, "name: 3"],
    [{ plugins: {} }, "plugins: {}"],
    [{ plugins: [{}] }, "plugins[0].type: nothing"],
    [{ plugins: [3] }, "plugins[0]: 3"],
    [{ plugins: [{ type: "x", capabilities: [] }] }, "plugins[0].capabilities: []"],
    [{ cniVersion: 1 }, "cniVersion: 1"],
    [{ cniVersion: "new" }, `"new" is no CNI version`],
    [{ cniVersions: "1.0.0" }, "cniVersions"],
    [{ disableCheck: "maybe" }, `disableCheck: "maybe"`],
  ])("%j is refused", (more, message) => {
    expect(() => list(more)).toThrow(ConfError);
    expect(() => list(more)).toThrow(message);
  });
});

test("a single plugin's configuration becomes a list of one, as libcni makes it", () => {
  const plugin = { cniVersion: "0.4.0", name: "single", type: "ptp", mtu: 1400 };
  const made = parseConfList(JSON.stringify(plugin));
  expect(made).toMatchObject({
    name: "single",
    cniVersion: "0.4.0",
    plugins: [{ type: "ptp", document: plugin }],
  });
  expect(JSON.parse(made.text)).toEqual({ name: "single", cniVersion: "0.4.0", plugins: [plugin] });
});

test("numbers beyond 2^53 reach the plugin and the cache as they are", () => {
  const text = '{"name":"n","plugins":[{"type":"x","big":18446744073709551615}]}';
  expect(parseConfList(text).plugins[0]?.document["big"]).toBe(18446744073709551615n);
});
