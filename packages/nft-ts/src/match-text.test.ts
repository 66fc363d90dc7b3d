import { expect, test } from "vitest";
import { matchTextProblem } from "./match-text.ts";

test.each([
  "ip saddr 10.0.0.0/8",
  "ip saddr != { 10.0.0.0/8, 192.0.2.1-192.0.2.9 }",
  "ip6 saddr 2001:db8::add:1/64",
  'iifname "drop" oifname eth*',
  "ct state new,established",
  "tcp flags & (syn|ack) == syn",
  "meta mark & 0x1add == 0x1add",
  "ether saddr 00:11:22:aa:dd:ee",
  "@th,0,16 22",
  "limit rate 3/second",
  "ip saddr . tcp sport { 192.0.2.1 . 3 }",
])("%j is a match", (text) => {
  expect(matchTextProblem(text)).toBeUndefined();
});

test.each([
  ["ip saddr 10.0.0.1 accept", '"accept"'],
  ["tcp sport 3accept", '"accept"'],
  ["ip saddr 10.0.0.0/8drop", '"drop"'],
  ["tcp sport 3add @found { ip saddr }", '"add"'],
  ["meta mark set 3", '"set"'],
  ["ip saddr vmap { 10.0.0.1 : jump x }", '"vmap"'],
  ["counter", '"counter"'],
  ["ip saddr 10.0.0.1; drop", "; drop"],
  ["ip saddr 10.0.0.1 # rest", "# rest"],
  ["ip saddr $defined", "$defined"],
  ["ip saddr 10.0.0.1 \\", "\\\\"],
  ["ip saddr 10.0.0.1\nflush ruleset", "control"],
  ["ip saddr { 10.0.0.1", '"}" is missing'],
  ["ip saddr 10.0.0.1 } add table ip x {", '"}" closes nothing'],
  ["tcp flags (syn}", '"}" closes nothing'],
  ['iifname "eth0', "is not part of any match"],
  [" ", "empty"],
])("%j is refused: %s", (text, reason) => {
  expect(matchTextProblem(text)).toContain(reason);
});
