import { expect, test } from "vitest";
import { UsageError } from "../failure.ts";
import { parsePublish } from "./parse-publish.ts";

const tcp = (hostPort: number, containerPort: number, hostIP?: string) => ({
  hostPort,
  containerPort,
  protocol: "tcp",
  ...(hostIP === undefined ? {} : { hostIP }),
});

test.each([
  ["8080:80", [tcp(8080, 80)]],
  ["8080:80/tcp", [tcp(8080, 80)]],
  ["8080:80/UDP", [{ ...tcp(8080, 80), protocol: "udp" }]],
  ["8080:80/sctp", [{ ...tcp(8080, 80), protocol: "sctp" }]],
  ["127.0.0.1:8080:80/udp", [{ ...tcp(8080, 80, "127.0.0.1"), protocol: "udp" }]],
  ["[::1]:8080:80", [tcp(8080, 80, "::1")]],
  ["[2001:DB8::0:1]:8080:80", [tcp(8080, 80, "2001:db8::1")]],
  ["0.0.0.0:1:65535", [tcp(1, 65_535, "0.0.0.0")]],
  ["8000-8002:9000-9002", [tcp(8000, 9000), tcp(8001, 9001), tcp(8002, 9002)]],
  ["8000-8000:80", [tcp(8000, 80)]],
])("%s", (text, mappings) => {
  expect(parsePublish(text)).toEqual(mappings);
});

test.each([
  ["", "needed"],
  ["80", "needed"],
  ["8080:", "needed"],
  [":80", "needed"],
  ["8080:80/icmp", "tcp, udp, sctp"],
  ["8080:80/", "tcp, udp, sctp"],
  ["0:80", "1 to 65535"],
  ["8080:65536", "1 to 65535"],
  ["http:80", "1 to 65535"],
  ["8010-8000:80-90", "backwards"],
  ["8000-8010:8000-8005", "11 host ports for 6"],
  ["::1:8080:80", "brackets"],
  ["localhost:8080:80", "localhost is no address"],
  [":8080:80", "is no address"],
  ["[127.0.0.1:8080:80", "no address"],
])("%j is refused", (text, message) => {
  expect(() => parsePublish(text)).toThrow(UsageError);
  expect(() => parsePublish(text)).toThrow(message);
});
