import { expect, test } from "vitest";
import yargs from "yargs";
import { Failure, UsageError } from "../failure.ts";
import { attachmentArguments, attachmentOptions } from "./attachment-options.ts";
import { parseConfList } from "./parse-conf-list.ts";

const able = { portMappings: true, bandwidth: true, mac: true };
const chain = (capabilities: object) =>
  parseConfList(
    JSON.stringify({
      name: "net",
      cniVersion: "1.0.0",
      plugins: [{ type: "bridge" }, { type: "portmap", capabilities }],
    }),
  );

function read(line: readonly string[], list = chain(able)) {
  const parser = attachmentOptions(
    yargs([...line])
      .exitProcess(false)
      .strictOptions()
      .fail(false),
  );
  const words = parser.parseSync();
  return { rest: words._, ...attachmentArguments(words, list) };
}

test("nothing is asked for", () => {
  expect(read([])).toEqual({ rest: [], cniArgs: [], capabilityArgs: {} });
});

test("an option takes one word, also where the network comes behind it", () => {
  expect(read(["-p", "8080:80", "net", "--publish=53:53/udp"])).toMatchObject({
    rest: ["net"],
    capabilityArgs: {
      portMappings: [
        { hostPort: 8080, containerPort: 80, protocol: "tcp" },
        { hostPort: 53, containerPort: 53, protocol: "udp" },
      ],
    },
  });
});

test("limits, arguments and other capabilities", () => {
  const line = [
    "--ingress-bandwidth",
    "1M",
    "--ingress-burst",
    "50k",
    "--args",
    "A=1;B=x=y;",
    "--args",
    "C=2",
  ];
  expect(read([...line, "--capability", 'mac="02:00:00:00:00:01"'])).toEqual({
    rest: [],
    cniArgs: [
      ["A", "1"],
      ["B", "x=y"],
      ["C", "2"],
    ],
    capabilityArgs: {
      bandwidth: { ingressRate: 1_000_000, ingressBurst: 50_000 },
      mac: "02:00:00:00:00:01",
    },
  });
});

test.each([
  [["--args", "A"], "A is no KEY=VALUE"],
  [["--args", "=1"], "=1 is no KEY=VALUE"],
  [["--capability", "mac"], "NAME=JSON"],
  [["--capability", "mac=02"], "not JSON"],
  [["-p", "1:1", "--capability", "portMappings=[]"], "given twice"],
])("%j makes no sense", (line, message) => {
  expect(() => read(line)).toThrow(UsageError);
  expect(() => read(line)).toThrow(message);
});

test("what no plugin declares would reach none, so it is refused, with what to write", () => {
  const asking = () => read(["-p", "8080:80"], chain({ portMappings: false }));
  expect(asking).toThrow(Failure);
  try {
    asking();
  } catch (error) {
    expect(error).toMatchObject({ details: [`add "capabilities": {"portMappings":true} to its portmap`] });
  }
  expect(() => read(["--capability", "other=1"])).toThrow("the capability other");
});
