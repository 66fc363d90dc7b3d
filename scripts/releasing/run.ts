export interface Answer {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. Throws with what it said where its exit code is not 0. */
export function run(
  argv: readonly string[],
  { env, stdin = "" }: { readonly env?: Readonly<Record<string, string>>; readonly stdin?: string } = {},
): Answer {
  const { exitCode, signalCode, stdout, stderr } = Bun.spawnSync([...argv], {
    env: env ?? process.env,
    stdin: new TextEncoder().encode(stdin),
  });
  const answer = { stdout: stdout.toString(), stderr: stderr.toString() };
  if (exitCode === 0) return answer;
  throw new Error(
    `${argv.join(" ")} ended with ${signalCode ?? exitCode}:\n${answer.stderr}${answer.stdout}`.trim(),
  );
}
