import { describe, expect, test } from '@jest/globals';
import { parseDrops } from './drops.ts';
import { parseFlow } from './flow.ts';
import { parseTrace } from './kernel-writes.ts';
import type { Member } from './members.ts';
import { parsePing } from './ping.ts';
import { allPairs } from './ping-table.ts';
import { parseCount } from './request-count.ts';

describe('what ping prints', () => {
  test('with an answer: reached, and how long it took', () => {
    const text = `PING 10.7.0.2 (10.7.0.2) 56(84) bytes of data.
64 bytes from 10.7.0.2: icmp_seq=1 ttl=64 time=0.068 ms

--- 10.7.0.2 ping statistics ---
1 packets transmitted, 1 received, 0% packet loss, time 0ms
rtt min/avg/max/mdev = 0.068/0.068/0.068/0.000 ms`;
    expect(parsePing(0, text, '', '10.7.0.2')).toEqual({
      reached: true,
      sent: 1,
      received: 1,
      ms: 0.068,
      why: '',
    });
  });

  test('without a route: not reached, and the reason', () => {
    const result = parsePing(2, '', 'ping: connect: Network is unreachable\n', '10.8.0.2');
    expect(result).toEqual({ reached: false, sent: 0, received: 0, why: 'Network is unreachable' });
  });

  test('with a neighbour that does not answer: the reason of the host itself', () => {
    const text = `PING 10.7.0.9 (10.7.0.9) 56(84) bytes of data.
From 10.7.0.2 icmp_seq=1 Destination Host Unreachable

--- 10.7.0.9 ping statistics ---
1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms`;
    expect(parsePing(1, text, '', '10.7.0.9')).toMatchObject({
      reached: false,
      why: 'Destination Host Unreachable',
    });
  });

  test('of a wrong call: not an answer at all', () => {
    expect(() => parsePing(2, '', 'ping: invalid argument: x', 'x')).toThrow('invalid argument');
  });

  test('in a flow: gaps are losses, the last request may be on its way', () => {
    const line = (sequence: number, dup = ''): string =>
      `[1000.${sequence}] 64 bytes from 10.7.0.2: icmp_seq=${sequence} ttl=64 time=0.05 ms${dup}`;
    const text = `${line(1)}\n${line(2)}\n${line(4)}\n${line(4, ' (DUP!)')}\n5 packets transmitted, 3 received, +1 duplicates`;
    expect(parseFlow(text)).toMatchObject({ sent: 5, received: 3, lost: [3], duplicates: 1, slowest: 0.05 });
    expect(() => parseFlow(line(1))).toThrow('no summary');
  });

  test('in a flow with losses: when they were sent, and what ping says of its socket', () => {
    const line = (number: number): string =>
      `[${1000 + number / 100}] 64 bytes from 10.7.0.2: icmp_seq=${number} ttl=64 time=0.05 ms`;
    const text = [
      'PING 10.7.0.2 (10.7.0.2) 56(84) bytes of data.',
      ...[1, 2, 3].map(line),
      'ping: sendmsg: Network is unreachable',
      ...[6, 7].map(line),
      '--- 10.7.0.2 ping statistics ---',
      '8 packets transmitted, 5 received, 37% packet loss, time 70ms',
      'rtt min/avg/max/mdev = 0.05/0.05/0.05/0.0 ms, pipe 2',
    ].join('\n');
    const { lost, lostAt, remarks } = parseFlow(text);
    expect(lost).toEqual([4, 5]);
    expect(lostAt.map(Math.round)).toEqual([1_000_040, 1_000_050]);
    expect(remarks).toEqual(['ping: sendmsg: Network is unreachable']);
  });

  test('in a long flow: sequence numbers begin again, and are counted on', () => {
    const all = Array.from({ length: 70_000 }, (_, index) => index + 1).filter((number) => number !== 66_000);
    const line = (number: number): string =>
      `[${1000 + number / 100}] 64 bytes from 10.7.0.2: icmp_seq=${number % 65_536} ttl=64 time=0.05 ms`;
    const late = line(65_537);
    const text = `${all.map(line).join('\n')}\n${late} (DUP!)\n70000 packets transmitted, 69999 received`;
    expect(parseFlow(text)).toMatchObject({ sent: 70_000, received: 69_999, lost: [66_000], duplicates: 1 });
  });
});

describe('what strace prints', () => {
  test('is unfinished when threads interleave: it counts once', () => {
    const text = `12 sendmsg(22<NETLINK:[ROUTE:12]>, {msg_iov=[{iov_base=[{nlmsg_len=40, nlmsg_type=RTM_NEWNEIGH, nlmsg_flags=NLM_F_REQUEST, nlmsg_seq=1, nlmsg_pid=0}, {nlmsg_len=40, nlmsg_type=RTM_GETLINK, nlmsg_flags=NLM_F_REQUEST|NLM_F_DUMP, nlmsg_seq=2, nlmsg_pid=0}]}]} <unfinished ...>
13 write(3</tmp/x>, "1", 1) = 1
12 <... sendmsg resumed>, 0) = 80`;
    const { writes, netlinkReads } = parseTrace(text);
    expect(writes.map((write) => write.what)).toEqual(['RTM_NEWNEIGH']);
    expect(netlinkReads).toBe(1);
  });

  test('of a socket that is only set up is no write', () => {
    expect(parseTrace('7 ioctl(31<NETLINK:[1787355]>, FIONBIO, [1]) = 0').writes).toEqual([]);
  });

  test('of a call that the kernel makes again by itself counts once', () => {
    const write = '7 write(1</proc/sys/net/ipv4/ip_forward>, "1\\n", 2)';
    const text = `${write} = ? ERESTARTNOINTR (To be restarted)\n${write} = 2`;
    expect(parseTrace(text).writes).toHaveLength(1);
  });

  test.each([
    ['0x1c /* NLMSG_??? */', 'write'], // RTM_NEWNEIGH = 28
    ['0x1e /* NLMSG_??? */', 'read'], // RTM_GETNEIGH = 30
    ['0xa00 /* NLMSG_??? */', 'write'], // NFT_MSG_NEWTABLE
    ['0xa10 /* NLMSG_??? */', 'read'], // NFT_MSG_GETGEN
  ])('of a socket it cannot look up, type %s, is a %s', (type, kind) => {
    const line = `1 sendto(3<NETLINK:[4711]>, [{nlmsg_len=20, nlmsg_type=${type}, nlmsg_flags=NLM_F_REQUEST, nlmsg_seq=0}], 20, 0, NULL, 0) = 20`;
    const { writes, netlinkReads } = parseTrace(line);
    expect([writes.length, netlinkReads]).toEqual(kind === 'write' ? [1, 0] : [0, 1]);
  });

  test('that cannot be taken apart is taken for a write', () => {
    expect(parseTrace('1 write(3<NETLINK:[ROUTE:9]>, "\\x14"..., 20) = 20').writes).toHaveLength(1);
  });
});

describe('pairs', () => {
  const member = (network: string, host: string, sandbox: string, ...addresses: string[]): Member => ({
    network,
    networkId: network,
    host,
    sandbox,
    path: `/run/netns/${host}-${sandbox}`,
    addresses,
    mac: '',
  });
  const shown = (members: readonly Member[]): string[] =>
    allPairs(members).map((p) => `${p.from.host}/${p.from.sandbox} ${p.address} ${p.expected}`);

  test('within a network are reachable, between networks isolated', () => {
    const members = [member('blue', 'h1', 'a', '10.7.0.2'), member('blue', 'h2', 'b', '10.7.0.3', 'fd00::3')];
    expect(shown([...members, member('green', 'h1', 'c', '10.8.0.2')])).toEqual([
      'h1/a 10.7.0.3 reachable',
      'h1/a fd00::3 reachable',
      'h1/a 10.8.0.2 isolated',
      'h2/b 10.7.0.2 reachable',
      'h2/b 10.8.0.2 isolated',
      'h1/c 10.7.0.2 isolated',
      'h1/c 10.7.0.3 isolated',
      'h1/c fd00::3 isolated',
    ]);
  });

  test('of a sandbox in both networks are reachable in both', () => {
    const both = [member('blue', 'h1', 'a', '10.7.0.2'), member('green', 'h1', 'a', '10.8.0.2')];
    expect(shown([...both, member('green', 'h2', 'b', '10.8.0.3')])).toEqual([
      'h1/a 10.8.0.3 reachable',
      'h2/b 10.7.0.2 isolated',
      'h2/b 10.8.0.2 reachable',
    ]);
  });

  test('with an address that the own network has as well say nothing about the other one', () => {
    const same = [member('blue', 'h1', 'a', '10.7.0.2'), member('green', 'h2', 'b', '10.7.0.2')];
    expect(shown(same)).toEqual([]);
    expect(shown([...same, member('blue', 'h2', 'c', '10.7.0.3')])).toEqual([
      'h1/a 10.7.0.3 reachable',
      'h2/b 10.7.0.3 isolated',
      'h2/c 10.7.0.2 reachable',
    ]);
  });
});

test('requests are connections tried, and data sent on those that were there before', () => {
  const set = (name: string, elem: readonly unknown[]) => ({ set: { name, elem } });
  const sends = [
    [40001, 7],
    [40001, 9],
    [40002, 1],
  ].map((concat) => ({ concat }));
  const rows = [{ metainfo: {} }, set('attempts', [40002, 40003]), set('sends', sends)];
  expect(parseCount(JSON.stringify({ nftables: rows }))).toEqual({ attempts: 2, sends: 2 });
  expect(parseCount(JSON.stringify({ nftables: [{ set: { name: 'attempts' } }] }))).toEqual({
    attempts: 0,
    sends: 0,
  });
});

test('what the kernel gave up, from its trace buffer', () => {
  const text = `# tracer: nop
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
   ksoftirqd/1-23      [001] ..s2.    12.500000: kfree_skb: skbaddr=00000000ab rx_sk=0000000000000000 protocol=34525 location=enqueue_to_backlog+0x1a2/0x2f0 reason: CPU_BACKLOG
          <idle>-0       [000] b.s3.    11.250000: kfree_skb: skbaddr=00000000ac rx_sk=0000000000000000 protocol=2048 location=vxlan_xmit+0x10/0x20 reason: VXLAN_NO_REMOTE
`;
  expect(parseDrops(text, 1_000_000)).toEqual([
    { time: 1_011_250, reason: 'VXLAN_NO_REMOTE', where: 'vxlan_xmit' },
    { time: 1_012_500, reason: 'CPU_BACKLOG', where: 'enqueue_to_backlog' },
  ]);
});
