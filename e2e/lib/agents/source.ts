// Sends as much as a TCP connection takes, until its standard input ends. Usage: bun source.ts HOST PORT
const [hostname = "", port = "0"] = process.argv.slice(2);
const chunk = new Uint8Array(65_536);

function fill(socket: Bun.Socket): void {
  while (socket.write(chunk) === chunk.byteLength);
}

await Bun.connect({
  hostname,
  port: Number(port),
  socket: {
    open: (socket) => {
      console.log("ready");
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
