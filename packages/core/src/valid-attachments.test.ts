import { expect, test } from "vitest";
import type { Json } from "./json.ts";
import { readValidAttachments } from "./valid-attachments.ts";

const key = "cni.dev/valid-attachments";

test.each<[string, Json, object[]]>([
  [
    "the specification's spelling",
    { [key]: [{ containerID: "a", ifname: "eth0" }] },
    [{ containerId: "a", ifname: "eth0" }],
  ],
  [
    "another case",
    { "CNI.dev/Valid-Attachments": [{ ContainerId: "a", IfName: "e" }] },
    [{ containerId: "a", ifname: "e" }],
  ],
  [
    "unknown fields",
    { [key]: [{ containerID: "a", ifname: "e", more: 1 }] },
    [{ containerId: "a", ifname: "e" }],
  ],
  ["an empty list", { [key]: [] }, []],
  ["null, an empty list in Go", { [key]: null }, []],
])("reads %s", (_, netConf, value) => {
  expect(readValidAttachments(netConf as never)).toEqual({ ok: true, value });
});

test.each<[Json, string[]]>([
  [{}, [`${key}: missing, GC needs it`]],
  [{ "cni.dev/attachments": [] }, [`${key}: missing, GC needs it`]],
  [{ [key]: {} }, [`${key}: {} is not allowed, must be an array`]],
  [{ [key]: "c1" }, [`${key}: "c1" is not allowed, must be an array`]],
  [{ [key]: ["c1"] }, [`${key}[0]: "c1" is not allowed, must be an object`]],
  [
    {
      [key]: [
        { containerID: "a", ifname: "e" },
        { containerID: 7, ifname: "" },
        { containerID: null, ifname: "e" },
      ],
    },
    [
      `${key}[1].containerID: 7 is not allowed, must be a name`,
      `${key}[1].ifname: "" is not allowed, must be a name`,
      `${key}[2].containerID: missing`,
    ],
  ],
])("tells all that is wrong with %j", (netConf, problems) => {
  const read = readValidAttachments(netConf as never);
  expect(read.ok ? [] : read.problems.map(({ path, message }) => `${path}: ${message}`)).toEqual(problems);
});
