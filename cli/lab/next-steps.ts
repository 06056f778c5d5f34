/** What to type to come back to this lab: the launcher as it was called, and the name unless it is the default. */
export interface Invocation {
  /** `bin/weft` */
  readonly weft: string;
  readonly lab: string;
  /** The default name, which needs no flag. */
  readonly defaultLab: string;
}

/** Where the demonstration has put sandboxes. */
export interface Example {
  /** A sandbox of h1. */
  readonly from: string;
  /** An address in the same network, of another sandbox. */
  readonly to: string;
  /** The host of that one, which is the last of the lab: of a lab of one host h1. */
  readonly last: string;
}

/** Commands that work when they are pasted, after the demonstration. */
export function demoNextSteps(invocation: Invocation, { from, to, last }: Example): string {
  const { weft, lab } = invocation;
  const name = flagOf(invocation);
  const at = (host: string): string => `${weft} lab exec${name} ${host}`;
  const c9 = `weft-lab-${lab}-${last}-c9`;
  return steps([
    [`${at('h1')} weft network ls`, 'the networks, as the agent of h1 knows them'],
    [`${at(last)} weft endpoint ls`, `the endpoints of all hosts, as the agent of ${last} knows them`],
    [`${at('h1')} weft node ls`, 'the hosts'],
    [
      `ip netns exec weft-lab-${lab}-h1-${from} ping -c3 ${to}`,
      `from a sandbox of h1 to ${last === 'h1' ? 'the other one' : `one of ${last}`}`,
    ],
    [`ip netns add ${c9} && ${at(last)} weft attach --network blue ${c9}`, `one more sandbox on ${last}`],
    [`${weft} lab ping${name}`, 'every pair again'],
    [`${weft} lab down${name}`, 'remove all of it'],
  ]);
}

/** The same after a plain `weft lab up`. */
export function plainNextSteps(invocation: Invocation): string {
  const { weft } = invocation;
  const name = flagOf(invocation);
  return steps([
    [`${weft} lab exec${name} h1 weft status`, 'the agent of h1'],
    [`${weft} lab up${name} --demo`, 'two networks with sandboxes on every host, and the proof'],
    [`${weft} lab status${name}`, 'hosts and agents'],
    [`${weft} lab down${name}`, 'remove all of it'],
  ]);
}

const flagOf = ({ lab, defaultLab }: Invocation): string => (lab === defaultLab ? '' : ` --name ${lab}`);

function steps(rows: readonly (readonly [string, string])[]): string {
  return ['What to try next:', ...rows.map(([command, meaning]) => `  ${command}\n      ${meaning}`)].join(
    '\n',
  );
}
