import { expect, test } from "vitest";
import { kubeProxyRules, otherPods } from "./foreign-rules.ts";
import { containerChain, ifbName } from "./names.ts";

const rules = (text: string) => text.split("\n").filter((line) => line.startsWith("-A "));
const declared = (text: string) => text.split("\n").flatMap((line) => /^:(\S+) /.exec(line)?.[1] ?? []);

test("as many rules as wanted, up to a service more", () => {
  for (const count of [1000, 40_000]) {
    const made = rules(kubeProxyRules(count)).length;
    expect(made).toBeGreaterThanOrEqual(count);
    expect(made).toBeLessThan(count + 16);
  }
});

test("no chain twice, none with a name too long, and each is entered", () => {
  const text = kubeProxyRules(40_000);
  const chains = declared(text);
  expect(new Set(chains).size).toBe(chains.length);
  expect(chains.filter((chain) => chain.length > 28)).toEqual([]);
  const entered = new Set(rules(text).map((rule) => rule.split(" ").at(-1)));
  expect(chains.filter((chain) => !entered.has(chain))).toEqual([]);
});

test("every other pod has a chain of its own, an entry and a port", () => {
  const text = otherPods(200, "net");
  expect(new Set(declared(text)).size).toBe(200);
  expect(rules(text).filter((rule) => rule.startsWith("-A CNI-HOSTPORT-DNAT "))).toHaveLength(200);
  expect(new Set(text.match(/--dports \d+/g)).size).toBe(200);
});

test("names are those of all plugins of these types", () => {
  expect(containerChain("net", "c1")).toBe("CNI-DN-623e1c388032b20529218");
  expect(ifbName("mynet", "abc123")).toBe("bwp70a29d9dc18b");
});
