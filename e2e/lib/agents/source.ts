// Sends as much as a TCP connection takes, until its standard input ends. Says when it began, as {"ms", "bytes"} by the
// machine's monotonic clock. Usage: bun source.ts HOST PORT
const [hostname = "", port = "0"] = process.argv.slice(2);
const chunk = new Uint8Array(65_536);
const ms = Number(process.hrtime.bigint()) / 1e6;

function fill(socket: Bun.Socket): void {
  while (socket.write(chunk) === chunk.byteLength);
}

await Bun.connect({
  hostname,
  port: Number(port),
  socket: {
    open: (socket) => {
      console.log(`ready\n${JSON.stringify({ ms, bytes: 0 })}`);
      fill(socket);
    },
    drain: fill,
    data: () => {},
    connectError: (_socket, error) => {
      console.error(String(error));
      process.exit(1);
    },
  },
});
for await (const _ of Bun.stdin.stream());
process.exit(0);
