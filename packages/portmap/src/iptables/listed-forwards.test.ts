import { expect, test } from "vitest";
import { containerChain, ownerComment } from "./chains.ts";
import { isOthers, listedEntries, ownerOf } from "./listed-forwards.ts";

const web = { network: "net", containerId: "web", ifname: "" };
const own = containerChain(web);
const long = { ...web, containerId: "c".repeat(300) };

const entries = (comment: string | undefined, chain: string) =>
  listedEntries([
    {
      tokens: [
        ...["-p", "tcp", ...(comment === undefined ? [] : ["-m", "comment", "--comment", comment])],
        ...["-m", "multiport", "--dports", "80,81", "-j", chain],
      ],
    },
  ]);

test.each([
  ["its owner's", ownerComment(web), own, { network: "net", containerId: "web" }, false],
  ["no comment", undefined, own, undefined, false],
  ["a comment that was cut", ownerComment(long), containerChain(long), undefined, false],
  ["another's comment", 'dnat name: "net" id: "other"', own, undefined, true],
  ["a comment of two lines", 'dnat name: "net" id: "web"\nx', own, undefined, false],
  ["a chain of another name", ownerComment(web), "CNI-DN-000000000000000000000", undefined, true],
  ["a chain without a hash", undefined, "CNI-DN-mine", undefined, true],
])("an entry with %s", (_, comment, chain, owner, others) => {
  const [entry] = entries(comment, chain);
  expect(entry).toMatchObject({ chain, protocol: "tcp", ports: [80, 81] });
  expect(entry && [ownerOf(entry), isOthers(entry)]).toEqual([owner, others]);
});

test.each(["CNI-DN", 'CNI-DN-"', "CNI-DN-$(id)", "CNI-DN-ä", "KUBE-SEP"])(
  "a jump to %s is no entry",
  (chain) => {
    expect(entries(undefined, chain)).toEqual([]);
  },
);
