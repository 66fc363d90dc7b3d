import { beforeAll, expect, test } from "vitest";
import { patience, rounds } from "../lib/long.ts";
import { plugin } from "../lib/plugins.ts";
import { recordedCalls } from "../lib/recorded.ts";
import { noteTried } from "../lib/tried-table.ts";
import { addEnv as env } from "./lib/add-env.ts";
import type { Type } from "./lib/in-process.ts";
import { flaw, isNonsense } from "./lib/judge.ts";
import { measured } from "./lib/measured.ts";
import { Dice, mutateDocument, mutateText } from "./lib/mutate.ts";

// Huge and strange documents, given to the compiled plugins: a clear answer, and no more time and memory than a valid
// document of the same size may take.

const prevResult = { cniVersion: "1.0.0", ips: [{ address: "10.0.0.2/24" }] };
const base = { cniVersion: "1.0.0", name: "net", type: "portmap", prevResult };
const plain = JSON.stringify(base);
/** The valid document with one more member, as text. */
const withMember = (member: string) => `${plain.slice(0, -1)},${member}}`;
const mappings = (count: number, of: (index: number) => unknown) =>
  withMember(
    `"runtimeConfig":${JSON.stringify({ portMappings: Array.from({ length: count }, (_, index) => of(index)) })}`,
  );
const good = (index: number) => ({
  hostPort: (index % 65535) + 1,
  containerPort: 80,
  protocol: index < 65535 ? "tcp" : "udp",
});

let valid: { readonly seconds: number };
beforeAll(async () => {
  const keys = Array.from({ length: 500_000 }, (_, index) => `"key${index}":${index}`).join(",");
  const answer = await measured(plugin("portmap"), env, withMember(keys));
  expect(answer).toMatchObject({
    exitCode: 0,
    stdout: `{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.2/24"}]}\n`,
  });
  valid = answer;
});

const levels = 100_000;
const bytes = (text: string, ...more: readonly number[]) =>
  new Uint8Array([...new TextEncoder().encode(text), ...more]);

test.each<[what: string, document: () => string | Uint8Array, code: number, says: string]>([
  [
    "arrays 100,000 deep",
    () => withMember(`"a":${"[".repeat(levels)}${"]".repeat(levels)}`),
    6,
    "more than 10000 levels",
  ],
  [
    "objects 100,000 deep",
    () => withMember(`"a":${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`),
    6,
    "more than 10000 levels",
  ],
  [
    "a prevResult 100,000 deep",
    () => withMember(`"prevResult":${"[".repeat(levels)}${"]".repeat(levels)}`),
    6,
    "more than 10000 levels",
  ],
  ["brackets that nobody closes", () => '{"a":['.repeat(1_600_000), 6, "more than 10000 levels"],
  ["10 MB of quotes", () => '"'.repeat(1e7), 6, "is not JSON: unexpected"],
  ["10 MB of a string without end", () => `{"a":"${"\\\\".repeat(5e6)}`, 6, "ends too early"],
  ["10 MB of a string with a control character", () => `["${"a".repeat(1e7)}\u0001"]`, 6, "line 1, column 2"],
  ["10 MB of blanks", () => " ".repeat(1e7), 6, "is empty"],
  ["10 MB of NUL", () => "\0".repeat(1e7), 6, "line 1, column 1"],
  ["a number of 10 MB", () => `{"a":${"1".repeat(1e7)}}`, 6, "is out of range"],
  ["a number beyond every double", () => withMember('"a":1e999'), 6, "1e999 is out of range"],
  ["a number in hexadecimal", () => withMember('"a":0x10'), 6, 'unexpected "x10'],
  ["a byte order mark", () => `\ufeff${plain}`, 6, "line 1, column 1"],
  [
    "bytes that are no UTF-8",
    () => bytes('{"cniVersion":"1.0.0","name":"', 0xc3, 0x28, 0xff),
    6,
    "ends too early",
  ],
  ["a network name with half a character", () => plain.replace('"net"', '"\\ud800"'), 7, "name: "],
  ["a million mappings that are none", () => mappings(1e6, () => null), 7, "portMappings[0]: null"],
  [
    "a hundred thousand bad ports",
    () => mappings(1e5, (index) => ({ ...good(index), hostPort: 70_000 + index })),
    7,
    "and more",
  ],
  [
    "a hundred thousand bad addresses",
    () => mappings(1e5, (index) => ({ ...good(index), hostIP: `x${index}` })),
    7,
    "and more",
  ],
  [
    "a port of minus zero",
    () => mappings(1, (index) => good(index)).replace('"hostPort":1', '"hostPort":-0'),
    7,
    "hostPort: 0 is not allowed",
  ],
  [
    "a port next to nothing",
    () => mappings(1, (index) => good(index)).replace('"hostPort":1', '"hostPort":1e-400'),
    7,
    "hostPort: 0 is not allowed",
  ],
  [
    "a protocol called __proto__",
    () => mappings(1, (index) => ({ ...good(index), protocol: "__proto__" })),
    7,
    '"__proto__" is not allowed',
  ],
  [
    "a mapping called constructor",
    () => withMember('"runtimeConfig":{"portMappings":{"constructor":1}}'),
    7,
    "must be an array",
  ],
  [
    "a mark chain that is no chain's name",
    () => withMember('"externalSetMarkChain":"a;b"'),
    7,
    "externalSetMarkChain",
  ],
])("%s: refused in words", async (what, document, code, says) => {
  const answer = await measured(plugin("portmap"), env, document());
  expect(flaw(answer), what).toBeUndefined();
  expect(answer.exitCode).toBe(1);
  const { code: answered, msg } = JSON.parse(answer.stdout);
  expect(msg).toContain(says);
  expect(answered).toBe(code);
  expect(answer.stdout.length).toBeLessThan(100_000);
  expect(answer.peakMiB).toBeLessThan(512);
  expect(answer.seconds).toBeLessThan(10 * valid.seconds);
});

test("of two members of one name the last one counts, in whatever case", async () => {
  const twice = plain.replace('"name":"net"', '"name":"a b","NAME":"net"');
  expect(await measured(plugin("portmap"), env, twice)).toMatchObject({ exitCode: 0 });
  const wrong = plain.replace('"name":"net"', '"NAME":"net","name":"a b"');
  expect(await measured(plugin("portmap"), env, wrong)).toMatchObject({ exitCode: 1 });
});

test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
  "a member called %s is one like any other",
  async (key) => {
    const document = withMember(
      `${JSON.stringify(key)}:{"cniVersion":"9","snat":1},"capabilities":{${JSON.stringify(key)}:true},"args":{${JSON.stringify(key)}:[]}`,
    );
    const answer = await measured(plugin("portmap"), env, document);
    expect(answer).toMatchObject({
      exitCode: 0,
      stdout: `{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.2/24"}]}\n`,
    });
  },
);

test.each(["iptables", "nftables"])(
  "many mappings by %s take time by their number",
  { timeout: 120_000 },
  async (backend) => {
    const of = (count: number) => mappings(count, good).replace('"type"', `"backend":"${backend}","type"`);
    const [some, many] = [rounds(2_000, 10_000), rounds(20_000, 100_000)];
    const few = await measured(plugin("portmap"), env, of(some));
    const all = await measured(plugin("portmap"), env, of(many));
    expect([few.exitCode, all.exitCode], few.stdout + all.stdout).toEqual([0, 0]);
    expect(all.peakMiB).toBeLessThan(1024);
    expect(all.seconds / few.seconds).toBeLessThan(4 * (many / some));
  },
);

test("changed documents, given to the executables", { timeout: patience(60_000, 1_200_000) }, async ({
  task,
}) => {
  const seeds = recordedCalls().filter(({ exit, command }) => exit === 0 && command !== "VERSION");
  const count = rounds(120, 10_000);
  const lost: string[] = [];
  for (let seed = 1; seed <= count; seed += 1) {
    const dice = new Dice(seed);
    const { plugin: type, env: called, stdin } = dice.pick(seeds);
    const text =
      dice.below(2) === 0
        ? mutateText(JSON.stringify(stdin), dice)
        : JSON.stringify(mutateDocument(stdin, dice));
    const answer = await measured(plugin(type as Type), called, text);
    const found =
      flaw(answer) ?? (answer.exitCode === 0 && isNonsense(text) ? "nonsense was taken" : undefined);
    if (found !== undefined) lost.push(`seed ${seed}: ${type}: ${found}\n${text}`);
  }
  noteTried(task, { what: "changed documents, executables", times: count, lost: lost.length });
  expect(lost).toEqual([]);
});
