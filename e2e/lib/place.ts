import { type ExecOptions, exec, type Finished, Service } from "./process.ts";
import { toolPath } from "./tools.ts";

/** No command may take longer, in seconds. Kept inside the namespaces: a killed nsenter leaves its child behind. */
const patience = [toolPath("timeout"), "--signal=KILL", "30"];

/** Somewhere commands can be run: a private node, one of its pods, a host beside it. */
export class Place {
  readonly name: string;
  /** The environment of every command here. */
  readonly env: Readonly<Record<string, string>>;
  readonly #enter: readonly string[];

  /** @param enter the command line that puts a following command into the place's namespaces */
  constructor(name: string, enter: readonly string[], env: Readonly<Record<string, string>>) {
    this.name = name;
    this.#enter = enter;
    this.env = env;
  }

  /** Runs a command here, whatever its exit code. */
  try(argv: readonly string[], options: ExecOptions = {}): Promise<Finished> {
    return exec([...this.#enter, ...patience, ...argv], { env: this.env, ...options });
  }

  /** Runs a command here that has to succeed, and gives its standard output. */
  async run(argv: readonly string[], options: ExecOptions = {}): Promise<string> {
    const { exitCode, stdout, stderr } = await this.try(argv, options);
    if (exitCode === 0) return stdout;
    throw new Error(`${this.name}: ${argv.join(" ")}: exit code ${exitCode}\n${stderr}${stdout}`);
  }

  /** Runs lines of `ip`'s batch language, all or an error. */
  async ip(...lines: readonly string[]): Promise<void> {
    await this.run(["ip", "-batch", "-"], { stdin: `${lines.join("\n")}\n` });
  }

  /** Starts a process here that lives until its standard input ends. */
  start(argv: readonly string[]): Service {
    return new Service([...this.#enter, ...argv], this.env);
  }

  /** Writes a network sysctl, named as below /proc/sys/net (`ipv4/ip_forward`). What is not there is left out. */
  async sysctl(values: Readonly<Record<string, string | number>>): Promise<void> {
    const writes = Object.entries(values).map(([key, value]) => {
      const file = `/proc/sys/net/${key}`;
      return `if [ -e ${file} ]; then echo ${value} >${file}; fi`;
    });
    await this.run(["sh", "-ec", writes.join("\n")]);
  }
}
