import { type Plugin, processIo, runPlugin } from "@cni-chain/core";

/** A plugin for process-io.test.ts; TEST_ACT says what its ADD does. */
const plugin: Plugin<undefined> = {
  type: "fixture",
  supportedVersions: ["1.0.0"],
  prevResult: "optional",
  schema: { validate: () => [], keys: { properties: { name: {}, cniVersion: {} } } },
  readConfig: () => ({ ok: true, value: undefined }),
  async add() {
    const act = process.env["TEST_ACT"];
    if (act === "reject") {
      Promise.reject(new Error("nobody awaits me"));
      await new Promise(() => setInterval(() => {}, 1000));
    }
    if (act === "throw") {
      setImmediate(() => {
        throw new Error("nobody catches me");
      });
      await new Promise(() => setInterval(() => {}, 1000));
    }
    const large = act === "large" ? "x".repeat(4_000_000) : "";
    return { interfaces: [], ips: [], routes: [], large };
  },
  check: async () => [],
  del: async () => {},
  gc: async () => {},
  status: async () => {},
};
process.exit(await runPlugin(plugin, processIo()));
