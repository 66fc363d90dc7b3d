// Answers every request with its own name and the address it sees as the sender's. Ends with its standard input.
// Usage: bun server.ts NAME tcp|udp PORT
const [name = "", protocol = "tcp", port = "0"] = process.argv.slice(2);
const hostname = "::";

if (protocol === "tcp") {
  Bun.serve({
    hostname,
    port: Number(port),
    fetch: (request, server) =>
      Response.json({ server: name, peer: plain(server.requestIP(request)?.address) }),
  });
} else {
  await Bun.udpSocket({
    hostname,
    port: Number(port),
    socket: {
      data: (socket, _request, peerPort, peer) => {
        socket.send(JSON.stringify({ server: name, peer: plain(peer) }), peerPort, peer);
      },
    },
  });
}
console.log("ready");
for await (const _ of Bun.stdin.stream());
process.exit(0);

/** An IPv4 address as such, on a socket of both families. */
function plain(address: string | undefined): string {
  return (address ?? "").replace(/^::ffff:/, "");
}
