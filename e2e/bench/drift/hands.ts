/** What somebody does to a network, as lines for a program's standard input, and how to see that it was undone. */
export interface Hand {
  readonly what: string;
  /** Kind of the objects that are repaired, and how many of them. */
  readonly kind: string;
  readonly count: number;
  readonly program: 'ip' | 'bridge' | 'sysctl';
  readonly where: 'network' | 'sandbox';
  readonly lines: readonly string[];
}

export const port = 'v000000000000';
/** MAC and address of the remote endpoint with this number, as the scene makes them. */
export const macOf = (n: number): string =>
  `02:57:00:${hex(1000 + n, 6)
    .match(/../g)
    ?.join(':')}`;
export const ipOf = (n: number): string => `10.7.${(1000 + n) >> 8}.${(1000 + n) & 255}`;
const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0');

const each = (count: number, line: (n: number) => string): readonly string[] =>
  Array.from({ length: count }, (_, n) => line(n));
const fdb = (count: number): Hand => ({
  what: `FDB entries deleted: ${count}`,
  kind: 'fdb',
  count,
  program: 'bridge',
  where: 'network',
  lines: each(count, (n) => `fdb del ${macOf(n)} dev vxlan0 dst 192.0.2.2`),
});
const neighbours = (count: number): Hand => ({
  what: `neighbours deleted: ${count}`,
  kind: 'neighbour',
  count,
  program: 'ip',
  where: 'network',
  lines: each(count, (n) => `neigh del ${ipOf(n)} dev vxlan0`),
});
const one = (what: string, kind: string, line: string, where: Hand['where'] = 'network'): Hand => ({
  what,
  kind,
  count: 1,
  program: line.startsWith('net.')
    ? 'sysctl'
    : line.startsWith('fdb') || line.includes(' flood ')
      ? 'bridge'
      : 'ip',
  where,
  lines: [line],
});

export const hands: readonly Hand[] = [
  fdb(1),
  fdb(1000),
  one('FDB entry leads elsewhere', 'fdb', `fdb replace ${macOf(0)} dev vxlan0 dst 192.0.2.99`),
  neighbours(1),
  neighbours(1000),
  one("port's own entry deleted", 'port-fdb', `fdb del 02:57:00:00:00:10 dev ${port} master`),
  one('port floods', 'veth', `link set dev ${port} flood on`),
  one('port down', 'veth', `link set ${port} down`),
  one('port deleted', 'veth', `link del ${port}`),
  one('bridge down', 'bridge', 'link set br0 down'),
  one('tunnel device deleted', 'vxlan', 'link del vxlan0'),
  one('gateway address deleted', 'address', 'address del 10.8.0.254/24 dev br0'),
  one('setting', 'sysctl', 'net.ipv4.conf.br0.rp_filter=1'),
  one('setting without a notice', 'sysctl', 'net.ipv4.conf.br0.send_redirects=1'),
  one('address in the sandbox deleted', 'address', 'address del 10.7.0.16/16 dev eth0', 'sandbox'),
  one('route in the sandbox deleted', 'route', 'route del 10.8.0.0/24', 'sandbox'),
  one('interface in the sandbox down', 'veth', 'link set eth0 down', 'sandbox'),
];
