import { describe, expect, test } from '@jest/globals';
import { amiss } from './amiss.ts';
import { classOf, subject } from './classify.ts';
import { survey } from './survey.ts';
import { readTrace } from './trace.ts';

const text = `
7 write(23</run/weft-lab/x/h1/state/intents.jsonl>, "{\\"op\\":\\"attach\\"}\\n", 15) = 15
7 fdatasync(23</run/weft-lab/x/h1/state/intents.jsonl> <unfinished ...>
9 write(19<anon_inode:[eventfd]>, "\\1\\0", 8) = 8
7 <... fdatasync resumed>)          = 0
7 unlink("/run/weft-lab/x/h1/netns/weft-ae437fc93082e64a") = -1 ENOENT (No such file or directory)
7 sendto(37<NETLINK:[1]>, [[{nlmsg_len=48, nlmsg_type=0x14 /* NLMSG_??? */, nlmsg_flags=NLM_F_REQUEST, nlmsg_seq=1, nlmsg_pid=0}, "\\x02"], [{nlmsg_len=44, nlmsg_type=0x18 /* NLMSG_??? */, nlmsg_flags=NLM_F_REQUEST, nlmsg_seq=2, nlmsg_pid=0}, "\\x02"]], 92, 0, NULL, 0) = 92
7 fsync(2</run/weft-lab/x/h1/state>) = ? ERESTARTSYS (To be restarted)
7 write(23</run/weft-lab/x/h1/state/intents.jsonl>, "{\\"op\\":\\"end\\"}\\n", 12 <unfinished ...>
7 <... write resumed>)          = ?
7 +++ killed by SIGKILL +++
`;

describe('a trace', () => {
  test('has the calls in the order in which they were entered, with their ends; one that was made again counts once', () => {
    const { calls, killed } = readTrace(text);
    expect(killed).toBe(true);
    expect(calls.map(({ thread, name, result }) => [thread, name, result])).toEqual([
      [7, 'write', '15'],
      [7, 'fdatasync', '0'],
      [9, 'write', '8'],
      [7, 'unlink', '-1 ENOENT (No such file or directory)'],
      [7, 'sendto', '92'],
      [7, 'write', undefined],
    ]);
  });

  test('is surveyed: what a call is for, and how it is hit again', () => {
    const { seen, unknown } = survey(readTrace(text));
    expect(unknown).toEqual([]);
    expect(seen.map(({ kind, point }) => [kind.name, point.call, point.nth])).toEqual([
      ['intent', 'write', 1],
      ['intent on disk', 'fdatasync', 1],
      ['wake-up', 'write', 1],
      ['addresses and routes', 'sendto', 1],
      ['intent', 'write', 2],
    ]);
    expect(seen.map(({ point }) => point.path?.split('/').at(-1))).toEqual([
      ...['intents.jsonl', 'intents.jsonl'],
      ...[undefined, undefined, 'intents.jsonl'],
    ]);
  });
});

test.each([
  ['1 rename("/a/state/node.json.new", "/a/state/node.json") = 0', 'identity'],
  ['1 openat(AT_FDCWD</>, "/a/state/view.jsonl", O_RDONLY|O_CLOEXEC) = 3</a/state/view.jsonl>', 'question'],
  [
    '1 openat(AT_FDCWD</>, "/a/state/view.jsonl.new", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0600) = 3</a>',
    'last good view',
  ],
  [
    '1 sendto(3<NETLINK:[ROUTE:5]>, [{nlmsg_len=24, nlmsg_type=RTM_GETADDR, nlmsg_flags=NLM_F_REQUEST}], 24, 0) = 24',
    'question',
  ],
  ['1 write(3</proc/sys/net/ipv4/ip_forward>, "0", 1) = 1', 'setting'],
  ['1 bind(3<UNIX-STREAM:[7]>, {sa_family=AF_UNIX, sun_path="/a/run/weftd.sock"}, 110) = 0', 'socket'],
  ['1 bind(3<UNIX-STREAM:[7]>, {sa_family=AF_UNIX, sun_path=@"weft-vtep-4789"}, 17) = 0', 'process'],
  ['1 mount("/proc/thread-self/ns/net", "/a/netns/weft-1", 0x7f, MS_BIND, NULL) = 0', 'pin'],
  ['1 rename("/a/state/new.json.new", "/a/state/new.json") = 0', undefined],
  ['1 write(3</etc/passwd>, "x", 1) = 1', undefined],
  [
    '1 sendto(3<NETLINK:[1]>, [{nlmsg_len=24, nlmsg_type=0x15 /* NLMSG_??? */, nlmsg_flags=0}], 24, 0) = 24',
    undefined,
  ],
])('%s is %s', (line, kind) => {
  const [call] = readTrace(line).calls;
  expect([subject(call!), classOf(call!)?.name]).toEqual([expect.any(String), kind]);
});

test('a call of another operation is told, and so is one that is not made any more', () => {
  const detach = survey(readTrace(text)).seen;
  const found = amiss('detach', detach, 'etcd');
  expect(found).toContain('detach: not expected there: addresses and routes');
  expect(found).toContain('detach: not made any more: unpin');
  expect(found.filter((line) => line.includes('intent'))).toEqual([]);
  // What only the other store does is not missed.
  expect(found.filter((line) => line.includes('bell'))).toEqual([]);
});
