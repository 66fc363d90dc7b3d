import { expect, test } from "vitest";
import { callPlugin } from "../lib/binary.ts";
import { pluginEnv } from "../lib/chain.ts";
import { plugin, plugins } from "../lib/plugins.ts";
import { mapping, portmap, Stage } from "../lib/stage.ts";
import { serve } from "../lib/traffic.ts";
import { noteTried } from "../lib/tried-table.ts";

// A pod's links may have aliases, too: 255 bytes of anything.

const aliases: readonly (readonly [what: string, alias: string])[] = [
  ["quotes and backslashes", `"'\\"\\`],
  ["what steers a terminal", "\u001b]0;mine\u0007\u001b[2J"],
  ["every control character", String.fromCharCode(...Array.from({ length: 31 }, (_, at) => at + 1), 127)],
  ["JSON", '"},{"ifname":"eth0","addr_info":[]}]'],
  ["half a character, 255 bytes", `${"x".repeat(254)}é`],
  ["the text of an ifb's", "cni-chain host=cni0 ifname=eth0 network=net container=neighbour"],
];

/** Cut to what the kernel takes, in the middle of a character, too. */
const octal = (text: string) =>
  [...new TextEncoder().encode(text).subarray(0, 255)]
    .map((byte) => `\\${byte.toString(8).padStart(3, "0")}`)
    .join("");

test.for(["iptables", "nftables"])(
  "rules from before a network was renamed are found, %s",
  async (backend, { task }) => {
    await using stage = await Stage.set({ chained: [portmap({ backend })] });
    const { node } = stage;
    const neighbour = await stage.add("neighbour", { portMappings: [mapping(8080, 80)] });
    const rules = async () =>
      (await Promise.all([node.try(["iptables-save"]), node.try(["nft", "list", "ruleset"])]))
        .map(({ stdout }) => stdout)
        .join("");
    for (const [at, [what, alias]] of aliases.entries()) {
      const { pod, attachment } = await stage.add(`pod${at}`, { portMappings: [mapping(8081, 80)] });
      await pod.run(["sh", "-c", `exec ip link set eth0 alias "$(printf '${octal(alias)}')"`]);
      const answer = await callPlugin(node, {
        binary: plugin("portmap"),
        env: pluginEnv("DEL", attachment, plugins),
        stdin: { ...portmap({ backend }), cniVersion: "1.1.0", name: "renamed" },
      });
      const left = /\b8081\b/.test(await rules());
      const lost = answer.exitCode !== 0 || answer.stderr !== "" || left;
      noteTried(task, { what: `aliases: ${what}`, times: 1, lost: lost ? 1 : 0 });
      expect.soft({ what, exitCode: answer.exitCode, stderr: answer.stderr, left }).toEqual({
        what,
        exitCode: 0,
        stderr: "",
        left: false,
      });
      await stage.chain.del(attachment);
    }
    await stage.chain.check(neighbour.attachment);
  },
);

test("explain finds a pod behind links of odd names, and prints none of them as it is", async ({ task }) => {
  await using stage = await Stage.set({ chained: [portmap()] });
  const { pod } = await stage.add("odd", { portMappings: [mapping(8081, 80)] });
  await serve(pod, "odd", 80);
  const names = [`'`, `"`, "\\", "\u001b[2J", "\u009b2J", "\u202egnp"];
  for (const name of names) {
    await pod.run(["ip", "link", "add", "name", name, "type", "ifb"]);
    await pod.run(["ip", "address", "add", "192.0.2.9/32", "dev", name]);
    await pod.run(["ip", "link", "set", "dev", name, "alias", `${name}\u0007`, "up"]);
  }
  const { exitCode, stdout, stderr } = await stage.node.try([plugin("cni-chain"), "explain", "8081/tcp"]);
  const lost = exitCode !== 0 || stderr !== "" || !stdout.includes("the pod listens on tcp/80");
  noteTried(task, { what: "links of odd names before explain", times: names.length, lost: lost ? 1 : 0 });
  expect({ exitCode, stderr, stdout }).toEqual({
    exitCode: 0,
    stderr: "",
    stdout: expect.stringContaining("the pod listens on tcp/80"),
  });
  expect(stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
});
