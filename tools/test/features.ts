/**
 * What a kernel or machine may lack without the product being at fault. A test that needs one of these says so in its
 * name, `... [needs netem]`, and may be skipped where it is missing. Any other skipped test fails the run.
 */
export const features: Readonly<Record<string, string>> = {
  dummy: 'the kernel has no dummy devices (CONFIG_DUMMY)',
  esp: 'the kernel has no IPsec ESP (CONFIG_INET_ESP)',
  'fault-injection': 'the kernel has no fault injection (CONFIG_FAULT_INJECTION)',
  geneve: 'the kernel has no geneve devices (CONFIG_GENEVE)',
  ipvlan: 'the kernel has no ipvlan devices (CONFIG_IPVLAN)',
  kvm: 'the machine offers no hardware virtualization (/dev/kvm)',
  netem: 'the kernel has no netem queueing discipline (CONFIG_NET_SCH_NETEM)',
  ovs: 'the kernel has no Open vSwitch (CONFIG_OPENVSWITCH)',
  systemd: 'the machine has no systemd, which would judge the unit (systemd-analyze)',
  tracefs: 'the kernel does not tell which packets it gives up (CONFIG_TRACEPOINTS, tracefs)',
  'vlan-filtering': 'the kernel has no bridge VLAN filtering (CONFIG_BRIDGE_VLAN_FILTERING)',
  wireguard: 'the kernel has no WireGuard (CONFIG_WIREGUARD)',
};

/** The reason that the name of a skipped test gives, or undefined: then it had no right to be skipped. */
export function skipReason(testName: string): string | undefined {
  const tags = [...testName.matchAll(/\[needs ([a-z-]+)\]/g)].map((match) => match[1] ?? '');
  const reasons = tags.map((tag) => (Object.hasOwn(features, tag) ? features[tag] : undefined));
  return reasons.length > 0 && reasons.every((reason) => reason !== undefined)
    ? reasons.join('; ')
    : undefined;
}
