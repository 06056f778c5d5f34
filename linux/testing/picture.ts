/** What iproute2 is asked to see everything in one network namespace, past the product's own eyes; commands of a shell. */
export const looks: readonly string[] = [
  "printf 'link show\\naddress show\\nroute show\\nneigh show nud permanent\\n' | ip -d -o -batch -",
  'ip -6 route',
  "printf 'fdb show\\nlink show\\n' | bridge -d -batch -",
];

/** What is another when an interface is made anew: indexes, MACs that are not ours, ids and times of the bridge; and for a moment. */
const madeAnew = [
  / state (UP|DOWN|UNKNOWN|LOWERLAYERDOWN|forwarding|disabled)\b|NO-CARRIER,|,LOWER_UP|,?M-DOWN|\b(tentative|linkdown)\b/g,
  /^\d+: |@if\d+|@\w+|link-netns(id)? \S+|permaddr \S+/g,
  /\b(?!02:57)([0-9a-f]{2}:){5}[0-9a-f]{2}\b/g,
  /port_(no|id) \S+|bridge_id \S+|root_id \S+|designated_\w+ +\S+|(\w+_timer|message_age) +[\d.]+/g,
];

/** Comes and goes by itself: link-local and multicast addresses, and what is learned from frames. */
const passing = /^ *$|fe80|ff02::|33:33:|01:00:5e:|dynamic/;

/** The lines of such answers, less what changes when something is made anew. */
export function pictureOf(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => madeAnew.reduce((rest, pattern) => rest.replaceAll(pattern, ''), line))
    .filter((line) => !passing.test(line));
}
