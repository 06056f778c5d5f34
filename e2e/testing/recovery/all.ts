import type { LabWish } from '../../lab/lab.ts';
import type { Scene } from '../scene.ts';
import { cutOffAndBack, cutOffAndCollected } from './cut-off.ts';
import { addressMoves, type Moves } from './moves.ts';
import { collectorDies } from './node-dies.ts';
import { majorityApart, minorityApart } from './partition.ts';
import { allRebooted } from './reboot.ts';
import { agentAway, allRestarted, type Absence } from './restarts.ts';
import type { Recovery } from './story.ts';
import { addressChanges, linkFlaps, linkIsMadeAnew, linkIsRenamed, mtuChanges } from './underlay.ts';

/** How long the troubles last. */
export interface Lengths {
  readonly absences: readonly Absence[];
  readonly moves: Moves;
}

/** Stories that share a lab, one after the other. */
export interface Chapter {
  readonly title: string;
  readonly lab: Pick<LabWish, 'hosts' | 'underlay'>;
  readonly stories: readonly ((scene: Scene) => Promise<Recovery>)[];
}

/** Everything that can go wrong with agents and nodes, as long as the store is what it was; on etcd. */
export function chapters({ absences, moves }: Lengths): readonly Chapter[] {
  return [
    {
      title: 'agents that are killed, stopped or frozen cost nothing, and are up to date soon after',
      lab: { hosts: 3, underlay: 4 },
      stories: [allRestarted, ...absences.map((absence) => (scene: Scene) => agentAway(scene, absence))],
    },
    {
      title: 'a node that is cut off is back as it was; one that was collected puts back what it had',
      lab: { hosts: 3, underlay: 4 },
      stories: [cutOffAndBack, cutOffAndCollected, collectorDies],
    },
    {
      title: 'hosts that are apart from the store do nothing, and those who are with it only what they may',
      lab: { hosts: 5, underlay: 6 },
      stories: [minorityApart, majorityApart],
    },
    {
      title: 'the underlay changes, an address moves, and all hosts are rebooted',
      lab: { hosts: 3, underlay: 4 },
      stories: [
        addressChanges,
        mtuChanges,
        linkFlaps,
        linkIsRenamed,
        linkIsMadeAnew,
        (scene) => addressMoves(scene, moves),
        allRebooted,
      ],
    },
    {
      title: 'the underlay changes, over IPv6',
      lab: { hosts: 3, underlay: 6 },
      stories: [addressChanges, linkFlaps, linkIsRenamed, linkIsMadeAnew],
    },
  ];
}
