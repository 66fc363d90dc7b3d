import { describe, expect, test } from "vitest";
import { bandwidth, behindBridge, findings, portmap } from "../../test/findings.ts";

describe("errors: what runtime or plugins refuse, or what can never work", () => {
  test.each<[string, string, string[]]>([
    [
      "a wrong type",
      behindBridge('{"type":"portmap","snat":"yes","capabilities":{"portMappings":true}}'),
      ['2:26 error plugins[1].snat: "yes" is not allowed, must be a boolean'],
    ],
    [
      "out of range",
      behindBridge('{"type":"portmap","markMasqBit":32,"capabilities":{"portMappings":true}}'),
      ["2:33 error plugins[1].markMasqBit: 32 is not allowed, must be an integer from 0 to 31"],
    ],
    [
      "not in an enumeration",
      behindBridge('{"type":"portmap","backend":"nft","capabilities":{"portMappings":true}}'),
      ['2:29 error plugins[1].backend: "nft" is not allowed, must be "iptables" or "nftables"'],
    ],
    [
      "what no schema says: fields against each other",
      behindBridge(
        '{"type":"portmap","markMasqBit":3,"externalSetMarkChain":"X","capabilities":{"portMappings":true}}',
      ),
      ['2:58 error plugins[1].externalSetMarkChain: "X" together with markMasqBit 3: give one of the two'],
    ],
    [
      "a rate without a burst: where the plugin is",
      behindBridge('{"type":"bandwidth","ingressRate":8000}'),
      ["2:1 error plugins[1].ingressBurst: missing or 0, but ingressRate is 8000; give both or neither"],
    ],
    [
      "deep in a list",
      behindBridge(
        '{"type":"portmap","runtimeConfig":{"portMappings":[{"HostPort":70000,"containerPort":80,"protocol":"tcp"}]}}',
      ),
      [
        "2:64 error plugins[1].runtimeConfig.portMappings[0].hostPort: 70000 is not allowed, must be an integer from 1 to 65535",
      ],
    ],
    [
      "a capability nearly right",
      behindBridge('{"type":"portmap","capabilities":{"portmappings":true}}'),
      ["2:35 error plugins[1].capabilities.portmappings: no runtime has this capability -> portMappings"],
    ],
    [
      "the same with a letter too many",
      behindBridge('{"type":"bandwidth","capabilities":{"bandwidths":true}}'),
      ["2:37 error plugins[1].capabilities.bandwidths: no runtime has this capability -> bandwidth"],
    ],
    [
      "the same of another plugin",
      '{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"bridge","capabilities":{"ipranges":true}}]}',
      ["1:78 error plugins[0].capabilities.ipranges: no runtime has this capability -> ipRanges"],
    ],
    [
      "a capability that is no boolean",
      behindBridge('{"type":"portmap","capabilities":{"portMappings":"true"}}'),
      ['2:50 error plugins[1].capabilities.portMappings: "true" is not allowed, must be true or false'],
    ],
    [
      "ours at the head",
      `{"cniVersion":"1.0.0","name":"n","plugins":[${portmap},\n{"type":"bridge"}]}`,
      [
        "1:53 error plugins[0].type: portmap cannot be the first: it works on the result of the plugin before; put it behind bridge",
      ],
    ],
    [
      "ours alone",
      `{"cniVersion":"1.0.0","name":"n","plugins":[${bandwidth}]}`,
      [
        "1:53 error plugins[0].type: bandwidth cannot be the first: it works on the result of the plugin before; put it behind the plugin that makes the container's interface",
      ],
    ],
    [
      "a version bandwidth has not",
      behindBridge(bandwidth).replace("1.0.0", "0.2.0"),
      [
        "1:15 error cniVersion: 0.2.0 is not spoken by bandwidth, which has 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0",
      ],
    ],
    [
      "a version nobody has",
      behindBridge(bandwidth).replace("1.0.0", "1.0"),
      [
        '1:15 error cniVersion: "1.0" is not allowed, must be "0.1.0" or "0.2.0" or "0.3.0" or "0.3.1" or "0.4.0" or "1.0.0" or "1.1.0"',
      ],
    ],
    [
      "no plugins",
      '{"cniVersion":"1.0.0","name":"n","plugins":[]}',
      ["1:44 error plugins: [] is not allowed, must be a list of one or more plugins"],
    ],
    [
      "plugins under another name",
      '{"cniVersion":"1.0.0","name":"n","Plugins":[]}',
      ["1:34 error Plugins: unknown field, the runtime passes over it -> plugins"],
    ],
    ["neither plugins nor type", '{"cniVersion":"1.0.0","name":"n"}', ["1:1 error plugins: missing"]],
    [
      "a plugin without type",
      '{"cniVersion":"1.0.0","name":"n","plugins":[\n{}]}',
      ["2:1 error plugins[0].type: missing"],
    ],
    [
      "a plugin with an empty type",
      '{"cniVersion":"1.0.0","name":"n","plugins":[\n{"type":""}]}',
      ['2:9 error plugins[0].type: "" is not allowed, must be the file name of a plugin'],
    ],
    [
      "no plugin",
      '{"cniVersion":"1.0.0","name":"n","plugins":[\n1]}',
      ["2:1 error plugins[0]: 1 is not allowed, must be an object"],
    ],
    [
      "a name with a slash",
      behindBridge(portmap).replace('"n"', '"a/b"'),
      [
        "1:30 error name: \"a/b\" is not allowed, must be a letter or digit, then letters, digits, '_', '.' and '-'",
      ],
    ],
    ["no name", behindBridge(portmap).replace('"name":"n",', ""), ["1:1 error name: missing"]],
    [
      "null, where libcni wants a string",
      behindBridge(portmap).replace('"n"', "null"),
      [
        "1:30 error name: null is not allowed, must be a letter or digit, then letters, digits, '_', '.' and '-'",
      ],
    ],
  ])("%s", (_what, text, expected) => {
    expect(findings(text)).toEqual(expected);
  });
});
