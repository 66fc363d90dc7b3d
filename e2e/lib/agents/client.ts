// Asks a server once and prints its answer, or ends with exit code 1 after the time is up.
// Usage: bun client.ts tcp|udp HOST PORT TIMEOUT_MS [SOURCE_PORT]
const [protocol = "tcp", host = "", port = "0", timeout = "0", sourcePort = "0"] = process.argv.slice(2);
const deadline = AbortSignal.timeout(Number(timeout));

if (protocol === "tcp") {
  const authority = host.includes(":") ? `[${host}]` : host;
  const response = await fetch(`http://${authority}:${port}/`, { signal: deadline, keepalive: false });
  console.log(await response.text());
} else {
  const answer = Promise.withResolvers<string>();
  const socket = await Bun.udpSocket({
    hostname: host.includes(":") ? "::" : "0.0.0.0",
    port: Number(sourcePort),
    socket: {
      data: (_socket, data, fromPort, from) => {
        if (from === host && fromPort === Number(port)) answer.resolve(data.toString());
      },
    },
  });
  // A datagram may get lost, and a refused one makes the next send fail: ask again until the time is up.
  const ask = () => {
    try {
      socket.send("?", Number(port), host);
    } catch {}
  };
  ask();
  const again = setInterval(ask, 100);
  deadline.addEventListener("abort", () => answer.reject(new Error(`no answer from ${host} port ${port}`)));
  console.log(await answer.promise);
  clearInterval(again);
}
process.exit(0);
