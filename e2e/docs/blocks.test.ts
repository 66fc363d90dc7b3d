import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Node } from "../lib/node.ts";
import { plugin } from "../lib/plugins.ts";
import { exec } from "../lib/process.ts";
import { searchPath, toolPath } from "../lib/tools.ts";
import { released, type Unpacked } from "../release/unpacked.ts";
import { type Fence, fences, pages, root } from "./markdown.ts";
import { checkout, rootShell, startPageNode } from "./page-node.ts";

/** What the page shows a reader to type. */
interface Shown {
  readonly fence: Fence;
  readonly command: string;
}

const blocks = pages.flatMap((page) => fences(page));
const shown = blocks.flatMap((fence) => commandsOf(fence).map((command): Shown => ({ fence, command })));
const isOnCluster = ({ fence, command }: Shown): boolean =>
  fence.marks.includes("cluster") && !command.startsWith("./scripts/");
const isOfCheckout = ({ command }: Shown): boolean => command.startsWith("./scripts/");

/** Commands whose exit code is their verdict about the node. */
const verdicts: Readonly<Record<string, readonly number[]>> = {
  doctor: [0, 1, 2],
  explain: [0, 1],
  validate: [0, 1],
};

/** In `console` what stands behind a prompt, in `sh` every line; lines that end in `\` go on. */
function commandsOf({ language, text }: Fence): readonly string[] {
  const whole = text.replaceAll(/\\\n\s*/g, "");
  if (language === "sh") return whole.split("\n").filter((line) => /^\s*[^#\s]/.test(line));
  if (language !== "console") return [];
  return [...whole.matchAll(/^[#$] (.+)$/gm)].map(([, command = ""]) => command);
}

test("every block has a language that is looked at, or is no command", () => {
  const known = ["", "console", "sh", "ts", "json", "yaml", "ini", "mermaid"];
  expect(blocks.filter(({ language }) => !known.includes(language))).toEqual([]);
  expect(blocks.filter(({ marks }) => marks.some((mark) => mark !== "cluster"))).toEqual([]);
  expect(blocks.filter((fence) => fence.language === "console" && commandsOf(fence).length === 0)).toEqual(
    [],
  );
  expect(shown.length).toBeGreaterThan(20);
});

const onNode = shown.filter((one) => !isOnCluster(one) && !isOfCheckout(one));
describe.each([...new Set(onNode.map(({ fence }) => fence.page))])("%s", (page) => {
  let node: Node;
  let release: Unpacked | undefined;
  beforeAll(async () => {
    const needsRelease = onNode.some((one) => one.fence.page === page && one.command.includes("~/release"));
    release = needsRelease ? await released() : undefined;
    node = await startPageNode(release?.folder);
  }, 240_000);
  afterAll(async () => {
    await node.close();
    release?.remove();
  });

  test.each(
    onNode
      .filter(({ fence }) => fence.page === page)
      .map(({ fence, command }) => [fence.line, command] as const),
  )("line %i: %s", async (_, command) => {
    const [, verb = ""] = /^cni-chain (\w+)/.exec(command) ?? [];
    const finished = await node.try(["bash", "-c", `cd ${checkout}; ${command}`], { env: rootShell(node) });
    expect(verdicts[verb] ?? [0], `${finished.stdout}${finished.stderr}`).toContain(finished.exitCode);
  });
});

test.each(shown.filter(isOfCheckout).map(({ command, fence }) => [fence.page, command]))(
  "%s: %s is a script of the checkout",
  async (_, command = "") => {
    const script = join(root, command.split(" ")[0] ?? "");
    await access(script, constants.X_OK);
    expect(await exec([toolPath("bash"), "-n", script])).toMatchObject({ exitCode: 0, stderr: "" });
  },
);

/** Tools that no node here has. */
const ofCluster = ["kubectl", "ctr"];
const onCluster = shown.filter(isOnCluster).map(({ command, fence }) => [fence.page, command] as const);
test.runIf(onCluster.length > 0).each(onCluster)("%s: %s can be typed", async (_, command) => {
  expect(await exec([toolPath("bash"), "-n", "-c", command])).toMatchObject({ exitCode: 0, stderr: "" });
  const [tool = "", verb = "", ...words] = command.split(/\s+/);
  if (ofCluster.includes(tool)) return;
  expect(tool).toBe("cni-chain");
  const { exitCode, stdout } = await exec([plugin("cni-chain"), verb, "--help"], {
    env: { PATH: searchPath },
  });
  expect(exitCode).toBe(0);
  for (const option of words.filter((word) => word.startsWith("--"))) {
    expect(stdout).toContain(option.split("=")[0] ?? "");
  }
});

const documents = blocks.filter(({ language }) => language === "json");
test.each(documents.map((fence) => [fence.page, fence.line, fence] as const))(
  "%s, line %i: JSON that parses, and a chain that a runtime takes",
  async (_page, _line, { text }) => {
    const document = JSON.parse(text);
    if (!Array.isArray(document.plugins)) return;
    const { exitCode, stdout } = await exec([plugin("cni-chain"), "validate", "/dev/stdin"], {
      env: { PATH: searchPath },
      stdin: text,
    });
    expect(exitCode, stdout).toBe(0);
  },
);
