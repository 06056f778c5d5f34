import type { Ip } from '../../model/ip.ts';
import type { Mac } from '../../model/mac.ts';
import type { Prefix } from '../../model/prefix.ts';
import type { Vni } from '../../model/vni.ts';
import type { LinuxObject } from '../objects/object.ts';
import type { NetworkScope, SandboxScope } from '../objects/scope.ts';

/**
 * An object as the stories in testdata/ write it. The first word is the scope: a network's name, or the path of a sandbox.
 *
 * ```
 * blue netns weft c1 n1 blue
 * blue sysctl net/ipv4/ip_forward 1 optional
 * blue bridge br0 02:57:00:00:00:01 mtu 1450
 * blue vxlan vxlan0 on br0 vni 7 local 192.0.2.1 port 4789 mtu 1450
 * blue veth v1 on br0 to /c1 eth0 02:57:00:00:00:05 mtu 1450 down
 * blue veth v2 on - to /c2 eth0 02:57:00:00:00:06 mtu 1450       (a port of no bridge)
 * blue fdb vxlan0 02:57:00:00:00:09 dst 192.0.2.2
 * blue port-fdb v1 02:57:00:00:00:05
 * blue neighbour vxlan0 10.7.0.9 02:57:00:00:00:09
 * /c1 address eth0 10.7.0.5/24
 * /c1 route eth0 10.8.0.0/24 via 10.7.0.1 metric 100
 * blue route br0 10.7.0.0/24 src 10.7.0.1 metric 0
 * blue route - 10.7.0.128/25 metric 0                            (leads nowhere)
 * ```
 */
export function parseObject(line: string): LinuxObject {
  const [place = '', kind = '', ...words] = line.trim().split(/\s+/);
  const [w0 = '', w1 = ''] = words;
  const after = (word: string): string => {
    const value = words[words.indexOf(word) + 1];
    if (!words.includes(word) || value === undefined) throw new Error(`no "${word}" in: ${line}`);
    return value;
  };
  const bridge = (): string => after('on').replace('-', '');
  const scope: NetworkScope = `network:${place}`;
  const sandbox = (path: string): SandboxScope => `sandbox:${path}`;
  const inside = place.startsWith('/') ? sandbox(place) : scope;
  switch (kind) {
    case 'netns':
      return { kind, scope, mark: words.join(' ') };
    case 'sysctl':
      return { kind, scope, key: w0, value: w1, optional: words.includes('optional') };
    case 'bridge':
      return { kind, scope, name: w0, mac: w1 as Mac, mtu: Number(after('mtu')) };
    case 'vxlan':
      return {
        ...{ kind, scope, name: w0, bridge: bridge(), vni: Number(after('vni')) as Vni },
        ...{ local: after('local') as Ip, port: Number(after('port')), mtu: Number(after('mtu')) },
      };
    case 'veth': {
      const [path = '', name = '', mac = ''] = words.slice(words.indexOf('to') + 1);
      return {
        ...{
          kind,
          scope,
          name: w0,
          bridge: bridge(),
          mtu: Number(after('mtu')),
          up: !words.includes('down'),
        },
        peer: { scope: sandbox(path), name, mac: mac as Mac },
      };
    }
    case 'fdb':
      return { kind, scope, dev: w0, mac: w1 as Mac, dst: after('dst') as Ip };
    case 'port-fdb':
      return { kind, scope, dev: w0, mac: w1 as Mac };
    case 'neighbour':
      return { kind, scope, dev: w0, ip: w1 as Ip, mac: words[2] as Mac };
    case 'address': {
      const [ip = '', length = ''] = w1.split('/');
      return { kind, scope: inside, dev: w0, ip: ip as Ip, length: Number(length) };
    }
    case 'route':
      return {
        ...{ kind, scope: inside, dev: w0.replace('-', ''), prefix: w1 as Prefix },
        ...(words.includes('via') ? { via: after('via') as Ip } : {}),
        ...(words.includes('src') ? { src: after('src') as Ip } : {}),
        metric: Number(after('metric')),
      };
    default:
      throw new Error(`no kind of object: ${line}`);
  }
}
