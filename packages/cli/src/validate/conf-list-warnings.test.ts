import { describe, expect, test } from "vitest";
import { behindBridge, findings, portmap } from "../../test/findings.ts";

describe("warnings: what runs, but hardly as meant", () => {
  test.each<[string, string, string[]]>([
    [
      "a field nearly right",
      behindBridge('{"type":"portmap","snatt":true,"capabilities":{"portMappings":true}}'),
      ["2:19 warning plugins[1].snatt: unknown field, portmap passes over it -> snat"],
    ],
    [
      "a field nearly right at depth",
      behindBridge('{"type":"bandwidth","runtimeConfig":{"bandwidth":{"ingresRate":8}}}'),
      [
        "2:51 warning plugins[1].runtimeConfig.bandwidth.ingresRate: unknown field, bandwidth passes over it -> ingressRate",
      ],
    ],
    [
      "capabilities nearly right",
      behindBridge('{"type":"portmap","capability":{"portMappings":true}}'),
      [
        '2:1 warning plugins[1]: without { "portMappings": true } the runtime passes portmap nothing to do',
        "2:19 warning plugins[1].capability: unknown field, portmap passes over it -> capabilities",
      ],
    ],
    [
      "a field of another plugin",
      behindBridge('{"type":"portmap","ipam":{},"capabilities":{"portMappings":true}}'),
      ["2:19 warning plugins[1].ipam: unknown field, portmap passes over it"],
    ],
    [
      "portmap without its capability",
      behindBridge('{"type":"portmap"}'),
      ['2:1 warning plugins[1]: without { "portMappings": true } the runtime passes portmap nothing to do'],
    ],
    [
      "bandwidth with its capability off",
      behindBridge('{"type":"bandwidth","capabilities":{"bandwidth":false}}'),
      [
        '2:36 warning plugins[1].capabilities: without { "bandwidth": true } the runtime passes bandwidth nothing to do',
      ],
    ],
    [
      "a capability of no use",
      behindBridge('{"type":"portmap","capabilities":{"portMappings":true,"bandwidth":true}}'),
      ["2:55 warning plugins[1].capabilities.bandwidth: portmap makes no use of this capability"],
    ],
    [
      "a key twice",
      behindBridge('{"type":"portmap","snat":true,"snat":false,"capabilities":{"portMappings":true}}'),
      ["2:31 warning plugins[1].snat: stands twice, first in line 2; the later one counts"],
    ],
    [
      "a key twice in two cases",
      behindBridge('{"type":"portmap","snat":true,\n"Snat":false,"capabilities":{"portMappings":true}}'),
      ["3:1 warning plugins[1].Snat: stands twice, first in line 2; the later one counts"],
    ],
    [
      "the list's key twice",
      `{"name":"a",\n${behindBridge(portmap).slice(1)}`,
      ["2:22 warning name: stands twice, first in line 1; the later one counts"],
    ],
    [
      "a plugin twice",
      behindBridge(portmap, portmap),
      ["3:9 warning plugins[2].type: portmap stands in the list twice"],
    ],
    [
      "a type nearly right",
      behindBridge('{"type":"portmaps"}'),
      ["2:9 warning plugins[1].type: no plugin of that name is known here -> portmap"],
    ],
    [
      "in front of who makes the interface",
      `{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"loopback"},\n${portmap},{"type":"bridge"}]}`,
      [
        "2:9 warning plugins[1].type: portmap stands in front of bridge, whose interface it then does not see",
      ],
    ],
    [
      "no version",
      behindBridge(portmap).replace('"cniVersion":"1.0.0",', ""),
      ["1:1 warning : cniVersion is missing, which means 0.1.0"],
    ],
    [
      "a version to choose that ours has not",
      `{"cniVersions":["2.0.0"],${behindBridge(portmap).slice(1)}`,
      [
        "1:17 warning cniVersions[0]: a runtime that has 2.0.0 would take it, and portmap refuse it: that has 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0",
      ],
    ],
    [
      "a list's field nearly right",
      `{"disableCheque":true,"disablegc":true,${behindBridge(portmap).slice(1)}`,
      [
        "1:2 warning disableCheque: unknown field, the runtime passes over it -> disableCheck",
        "1:23 warning disablegc: unknown field, the runtime passes over it -> disableGC",
      ],
    ],
    [
      "a single plugin's configuration",
      '{"cniVersion":"1.0.0","name":"n","type":"bridge"}',
      [
        '1:1 warning : a single plugin\'s configuration, which runtimes give up; make it a list: { "cniVersion", "name", "plugins": [ … ] }',
      ],
    ],
  ])("%s", (_what, text, expected) => {
    expect(findings(text)).toEqual(expected);
  });
});
