// Asks servers over and over, each time by a connection of its own, until its standard input ends; then prints how
// often, and which requests were not answered by whom they were meant for. Two minutes at most.
// Usage: bun asker.ts NAME URL [NAME URL ...]
const args = process.argv.slice(2);
const targets = Array.from({ length: args.length / 2 }, (_, at) => [args[2 * at], args[2 * at + 1] ?? ""]);
const lost: string[] = [];
let [rounds, going] = [0, true];

async function ask(name: string | undefined, url: string): Promise<void> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3000), keepalive: false });
    const { server } = (await response.json()) as { readonly server: string };
    if (server !== name) lost.push(`${url}: answered by ${server}`);
  } catch (error) {
    lost.push(`${url}: ${error}`);
  }
}

const untilInputEnds = async () => {
  for await (const _ of Bun.stdin.stream());
  going = false;
};
untilInputEnds();
const end = performance.now() + 120_000;
while (going && performance.now() < end) {
  for (const [name, url] of targets) await ask(name, url ?? "");
  rounds += 1;
  if (rounds === 1) console.log("ready");
  await Bun.sleep(2);
}
console.log(JSON.stringify({ rounds, lost }));
process.exit(0);
