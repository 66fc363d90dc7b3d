import { expect, test } from "vitest";
import { difference } from "../lib/snapshot.ts";
import { searchPath } from "../lib/tools.ts";
import { takeRules } from "./rules.ts";
import { failureOf, Workbench } from "./workbench.ts";

/** Does its work and signals the plugin behind it; the first of them does not come to an end by itself. */
const signalling = (signal: string) => `#!/bin/sh
PATH=${searchPath}
"\${0##*/}" "$@"
code=$?
mkdir /run/signalled 2>/dev/null && first=yes
kill -s ${signal} $PPID
[ "$first" = yes ] && exec sleep 4711
exit $code
`;

test.each(["TERM", "INT", "HUP"])(
  "SIG%s, again and again, and ADD takes back what it has done",
  async (signal) => {
    await using bench = await Workbench.set({ iptables: "nft", backend: "iptables", neighbour: true });
    const clean = await takeRules(bench.node);
    const folder = "/run/signalling";
    const install = [
      `mkdir ${folder}`,
      `tee ${folder}/iptables-restore >${folder}/ip6tables-restore`,
      `chmod +x ${folder}/*`,
    ];
    await bench.node.run(["sh", "-ec", install.join("\n")], { stdin: signalling(signal) });
    const failure = failureOf(await bench.call("ADD", { path: `${folder}:${searchPath}` }));
    expect(failure).toMatchObject({
      code: 11,
      msg: expect.stringContaining(`stopped, because SIG${signal} came`),
    });
    expect(difference(clean, await takeRules(bench.node))).toEqual([]);
    await bench.succeed("ADD");
    await bench.succeed("DEL");
    expect(difference(clean, await takeRules(bench.node))).toEqual([]);
  },
);
