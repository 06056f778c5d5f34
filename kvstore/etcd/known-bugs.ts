import type { Remark } from '../store.ts';

interface Bug {
  /** First versions of each line of releases without it; a line that is not named never had it. */
  readonly fixed: readonly string[];
  readonly remark: Remark;
}

/** Bugs of etcd that concern what we use of it. */
const bugs: readonly Bug[] = [
  {
    fixed: ['3.4.34', '3.5.16'],
    remark: {
      kind: 'covered',
      text:
        'etcd #18089: a watch that begins exactly at the compaction revision misses a deletion; ' +
        'Weft lists and compares after every resume of a watch, and every few minutes',
    },
  },
  {
    fixed: ['3.5.3'],
    remark: {
      kind: 'problem',
      text:
        'etcd #13766: after a crash under load its data may differ from those of the other servers, which no client ' +
        'can see; upgrade to 3.5.3 or later',
    },
  },
];

/** What this version is known for. Of a version that cannot be read nothing is known. */
export function knownBugs(version: string): readonly Remark[] {
  const [major, minor, patch] = numbers(version);
  if (major === undefined || minor === undefined || patch === undefined) return [];
  const hasIt = (bug: Bug): boolean =>
    bug.fixed.map(numbers).some(([x, y, z]) => x === major && y === minor && patch < (z ?? 0));
  return bugs.filter(hasIt).map(({ remark }) => remark);
}

const numbers = (version: string): readonly number[] =>
  (/^\d+\.\d+\.\d+/.exec(version)?.[0] ?? '')
    .split('.')
    .filter((part) => part !== '')
    .map(Number);
