import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach } from "vitest";
import { addHost, type Uplink } from "../../lib/host.ts";
import { Node } from "../../lib/node.ts";
import { Service } from "../../lib/process.ts";
import { searchPath, toolPath } from "../../lib/tools.ts";

/**
 * A private machine for a container runtime: a Node whose /var/lib is its own too, a host beside it, a name for a
 * cgroup and a directory for sockets and logs. All of it ends with its scope or with the test process, whichever
 * comes first; the directory alone stays if a log in it is worth reading.
 */
export class Machine implements AsyncDisposable {
  readonly node: Node;
  readonly uplink: Uplink;
  /** The same path for the tests and on the machine. */
  readonly directory: string;
  /** Path of a cgroup for all containers, in every hierarchy; who makes it there need not remove it. */
  readonly cgroup: string;
  readonly #sweeper: Service;
  #keepsLogs = false;

  private constructor(node: Node, uplink: Uplink, directory: string) {
    this.node = node;
    this.uplink = uplink;
    this.directory = directory;
    this.cgroup = `/${basename(directory)}`;
    this.#sweeper = new Service([toolPath("sh"), "-c", sweep, "sweep", this.cgroup], { PATH: searchPath });
  }

  static async start(): Promise<Machine> {
    const node = await Node.start();
    await node.run(["mount", "-t", "tmpfs", "tmpfs", "/var/lib"]);
    return new Machine(node, await addHost(node), mkdtempSync(join(tmpdir(), "cni-chain-")));
  }

  /** Path of a log that is shown if a test fails. */
  log(name: string): string {
    return join(this.directory, `${name}.log`);
  }

  /** Lets the logs outlive the machine. */
  keepLogs(): void {
    this.#keepsLogs = true;
  }

  async close(): Promise<void> {
    await this.node.close();
    await this.#sweeper.stop();
    if (!this.#keepsLogs) rmSync(this.directory, { recursive: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** From here on in a file or describe block: a test that fails keeps the machine's logs and says where they are. */
export function keepLogsOfFailures(machine: () => Machine): void {
  afterEach(({ task }) => {
    if (task.result?.state !== "fail") return;
    machine().keepLogs();
    console.error(`${task.name}: failed, the logs are in ${machine().directory}`);
  });
}

/**
 * Removes the machine's cgroup when standard input ends, which is when the tests are through with it or are no more.
 * The processes in it may take a moment to die.
 */
const sweep = `
cat >/dev/null
for attempt in $(seq 100); do
  left=
  for cgroup in "/sys/fs/cgroup$1" /sys/fs/cgroup/*"$1"; do
    if [ -d "$cgroup" ]; then find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || left=yes; fi
  done
  if [ -z "$left" ]; then exit; fi
  sleep 0.1
done`;
