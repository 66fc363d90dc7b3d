// Accepts one TCP stream and tells every 200 ms how much of it has come: lines {"ms", "bytes"}, by the machine's
// monotonic clock. Ends with its standard input. Usage: bun sink.ts PORT
const [port = "0"] = process.argv.slice(2);
let bytes = 0;
let open = false;

Bun.listen({
  hostname: "::",
  port: Number(port),
  socket: {
    open: () => {
      open = true;
    },
    data: (_socket, data) => {
      bytes += data.byteLength;
    },
  },
});
console.log("ready");
setInterval(() => {
  if (open) console.log(JSON.stringify({ ms: Number(process.hrtime.bigint()) / 1e6, bytes }));
}, 200);
for await (const _ of Bun.stdin.stream());
process.exit(0);
