import { describe, expect, test } from "vitest";
import { difference, takeSnapshot, withoutShared } from "../lib/snapshot.ts";
import { portmap } from "../lib/stage.ts";
import { Operator } from "./operator.ts";

describe("a plugin that fails", () => {
  test("is named with what it says, and what others made is taken back", async () => {
    await using operator = await Operator.start();
    const { node } = operator;
    await operator.network("good");
    await operator.run("add", "good", "--sandbox", "first", "-p", "9999:99");
    await operator.run("del", "good", "--sandbox", "first");
    await operator.network("net", [portmap(), { type: "broken" }]);
    const before = withoutShared(await takeSnapshot(node));
    await operator.calls();

    const { exitCode, stdout, stderr } = await operator.try(
      "add",
      "net",
      "--sandbox",
      "web",
      "--id",
      "web",
      "-p",
      "8080:80",
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr.split("\n").slice(0, 5)).toEqual([
      "broken: a warning",
      "cni-chain: plugin broken failed (ADD): error 150: out of luck",
      "  first line",
      "  second line",
      "  what had been made was taken back (DEL of the whole chain)",
    ]);
    expect(await operator.calls()).toEqual([
      "wire ADD web",
      "broken ADD web",
      "broken DEL web",
      "wire DEL web",
    ]);
    expect(difference(before, withoutShared(await takeSnapshot(node)))).toEqual([]);
    expect(await node.run(["ip", "netns", "list"])).not.toContain("web");
  });

  test("leaves what was made where that is wanted, and says how to take it back", async () => {
    await using operator = await Operator.start();
    const path = await operator.network("net", [portmap(), { type: "broken" }]);
    const { stderr } = await operator.try("add", "net", "--sandbox", "web", "--id", "web", "--keep");
    const line = `cni-chain del ${path} --id web --ifname eth0 --netns /run/netns/web`;
    expect(stderr).toContain(line);
    expect(await operator.calls()).toEqual(["wire ADD web", "broken ADD web"]);
    expect(await operator.run(...line.split(" ").slice(1), "--sandbox", "web").catch(String)).toContain(
      "one is enough",
    );
    expect(await operator.run(...line.split(" ").slice(1))).toContain("the cache knew nothing of it");
    expect(await operator.calls()).toEqual(["broken DEL web", "wire DEL web"]);
  });

  test("is looked for before anything is run", async () => {
    await using operator = await Operator.start();
    await operator.network("net", [{ type: "nowhere" }]);
    const { exitCode, stderr } = await operator.try("add", "net", "--sandbox", "web");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("there is no plugin nowhere in /run/plugins");
    expect(await operator.calls()).toEqual([]);
    expect(await operator.node.run(["ip", "netns", "list"])).not.toContain("web");
  });
});

test("add that is told to end takes back what it has made", async () => {
  await using operator = await Operator.start();
  await operator.network("net", [{ type: "slow" }, portmap()]);
  await operator.script(
    "slow",
    `#!/bin/sh
echo "slow $CNI_COMMAND" >>/run/calls
[ "$CNI_COMMAND" != ADD ] || { touch /run/slow; until [ -e /run/go ]; do sleep 0.05; done; sed 's/.*"prevResult":\\(.*\\),"runtime.*/\\1/'; }
`,
  );
  const line = operator.commandLine("add", "net", "--sandbox", "web", "-p", "8080:80");
  const { stdout, stderr } = await operator.node.try([
    "sh",
    "-c",
    `
    "$@" & tool=$!
    until [ -e /run/slow ]; do sleep 0.05; done
    kill -TERM $tool; touch /run/go
    wait $tool; echo "exit code $?"`,
    "sh",
    ...line,
  ]);
  expect(stdout).toBe("exit code 1\n");
  expect(stderr).toContain("add to net was interrupted\n  what had been made was taken back");
  expect((await operator.calls()).map((call) => call.split(" ").slice(0, 2).join(" "))).toEqual([
    "wire ADD",
    "slow ADD",
    "slow DEL",
    "wire DEL",
  ]);
  expect(await operator.node.run(["ip", "netns", "list"])).not.toContain("web");
});
