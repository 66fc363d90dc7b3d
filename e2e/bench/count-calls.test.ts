import { expect, test } from "vitest";
import { countCalls } from "./count-calls.ts";

test("a plugin alone is one process", () => {
  expect(countCalls(["", "+++ exited with 0 +++"])).toEqual({ processes: 1, transactions: 0 });
});

test("children count, threads and what failed do not", () => {
  const lines = [
    "vfork()                                 = 4711",
    "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7f) = 12",
    "clone3({flags=CLONE_VM|CLONE_VFORK|CLONE_PIDFD, exit_signal=SIGCHLD, stack_size=0x9000}, 88) = 13",
    "clone(child_stack=0xc000, flags=CLONE_VM|CLONE_FS|CLONE_THREAD|CLONE_SYSVSEM, tls=0xc0) = 14",
    "clone3({flags=CLONE_VM|CLONE_THREAD, child_tid=0x7f, exit_signal=0}, 88) = 15",
    "fork() = -1 EAGAIN (Resource temporarily unavailable)",
    "--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED} ---",
  ];
  expect(countCalls(lines).processes).toBe(4);
});

test("netlink messages, iptables' socket options and ioctls on links count, other messages do not", () => {
  const lines = [
    'sendto(3<NETLINK:[NETFILTER:77]>, [{nlmsg_len=20}, ""...], 20, 0, {sa_family=AF_NETLINK, nl_pid=0}, 12) = 20',
    "sendmsg(4<socket:[99]>, {msg_name={sa_family=AF_NETLINK, nl_pid=0}, msg_namelen=12}, 0) = 44",
    "sendto(5<NETLINK:[ROUTE:78]>, [{nlmsg_len=32}], 32, 0, NULL, 0) = 32",
    'write(6<NETLINK:[4293219]>, ""..., 48)  = 48',
    'write(1<pipe:[88]>, ""..., 48)          = 48',
    'getsockopt(4<RAW:[23]>, SOL_IP, IPT_SO_GET_INFO, ""..., [84]) = 0',
    'setsockopt(4<RAW:[23]>, SOL_IP, 0x40 /* IP_??? */, ""..., 1080) = 0',
    'getsockopt(4<RAWv6:[23]>, SOL_IPV6, IP6T_SO_GET_ENTRIES, ""..., [1080]) = 0',
    'ioctl(3<UDP:[4]>, SIOCGIFFLAGS, {ifr_name="lo", ifr_flags=IFF_LOOPBACK}) = 0',
    "ioctl(1, TCGETS, 0x7ffd) = -1 ENOTTY (Inappropriate ioctl for device)",
    'sendto(7<UNIX-STREAM:[8->9]>, ""..., 10, 0, NULL, 0) = 10',
    "setsockopt(3<NETLINK:[ROUTE:78]>, SOL_SOCKET, SO_SNDBUF, [32768], 4) = 0",
    "setsockopt(3<UDP:[4]>, SOL_IP, IP_TOS, [16], 4) = 0",
  ];
  expect(countCalls(lines).transactions).toBe(8);
});
