import { expect, test } from "vitest";
import {
  containerOfOwnerText,
  ifbName,
  isOthersIfb,
  networkOfOwnerText,
  ownerText,
  vethOfOwnerText,
} from "./names.ts";

const attachment = { network: "mynet", containerId: "abc123", ifname: "eth0" };

test("the ifb has the reference's name", () => {
  expect(ifbName(attachment)).toBe("bwp70a29d9dc18b");
});

test("the owner's text names the pod and leads back to the veth", () => {
  const text = ownerText(attachment, "veth1a");
  expect(text).toBe("cni-chain host=veth1a ifname=eth0 network=mynet container=abc123");
  expect(vethOfOwnerText(text)).toBe("veth1a");
  expect(networkOfOwnerText(text)).toBe("mynet");
});

test("holds nothing a batch cannot, and no more than the kernel keeps", () => {
  const text = ownerText({ network: "n".repeat(300), containerId: "c", ifname: `e"#'\\0` }, "veth1");
  expect(text).toHaveLength(255);
  expect(text).toContain("ifname=e____0 ");
});

test.each([undefined, "", "somebody's", "x cni-chain host=veth1"])("%j is no owner's text", (text) => {
  expect(vethOfOwnerText(text)).toBeUndefined();
  expect(networkOfOwnerText(text)).toBeUndefined();
});

test("a network's name that was cut is not taken for a shorter one", () => {
  const long = (network: string, containerId: string) =>
    ownerText({ network, containerId, ifname: "e" }, "v");
  expect(networkOfOwnerText(long("n".repeat(300), "c"))).toBeUndefined();
  expect(networkOfOwnerText(long("net", "c".repeat(300)))).toBe("net");
});

const own = ownerText(attachment, "veth1");
test.each([
  [undefined, false],
  [own, false],
  [ownerText({ ...attachment, containerId: "c".repeat(300) }, "veth1"), false],
  ["cni-chain of another release", false],
  ["", true],
  ["mine", true],
  [own.replace("abc123", "other"), true],
  [own.replace("mynet", "other"), true],
])("an ifb of the name of an attachment's, with alias %j: somebody else's is %s", (alias, expected) => {
  expect(isOthersIfb({ name: ifbName(attachment), alias })).toBe(expected);
  expect(containerOfOwnerText(alias) === undefined).toBe(
    !/container=\w+$/.test(alias ?? "") || alias?.length === 255,
  );
});
