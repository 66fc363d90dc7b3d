// Accepts one TCP stream and tells every 200 ms how much of it has come: lines {"ms", "bytes"}, counted from its
// opening. Ends with its standard input. Usage: bun sink.ts PORT
const [port = "0"] = process.argv.slice(2);
let bytes = 0;
let start: number | undefined;

Bun.listen({
  hostname: "::",
  port: Number(port),
  socket: {
    open: () => {
      start = performance.now();
    },
    data: (_socket, data) => {
      bytes += data.byteLength;
    },
  },
});
console.log("ready");
setInterval(() => {
  if (start !== undefined) console.log(JSON.stringify({ ms: performance.now() - start, bytes }));
}, 200);
for await (const _ of Bun.stdin.stream());
process.exit(0);
