import { describe, expect, test } from '@jest/globals';
import { constants } from 'node:os';
import { WeftError } from '../model/errors.ts';
import { decisionOf, decisionOn, errnoClasses } from './errno-decisions.ts';
import { br0, fdb, neighbour, portFdb, vxlan } from './kernel-contract-objects.ts';
import { outcomeOf } from './netlink/apply-outcome.ts';
import { errnoName } from './netlink/errno.ts';
import type { Step } from './plan/step.ts';

const create: Step = { op: 'create', object: neighbour };
const change: Step = { op: 'change', object: vxlan, from: vxlan };
const remove: Step = { op: 'delete', object: fdb };

describe('the table', () => {
  test('names errors as the kernel port does', () => {
    const known = new Set(Object.values(constants.errno).map(errnoName));
    // Node names those that its own calls can meet, and not all of Linux.
    const rest = ['EXFULL', 'EUSERS', 'ENONET', 'EHOSTDOWN', 'EPFNOSUPPORT', 'ETXTBSY'];
    const strange = errnoClasses
      .flatMap(({ errnos }) => errnos)
      .filter((e) => !known.has(e) && !rest.includes(e));
    expect(strange).toEqual([]);
  });

  test('has no line that an earlier one hides', () => {
    const steps = [create, change, remove, { op: 'delete', object: portFdb } as const];
    const reached = new Set(
      errnoClasses.flatMap(({ errnos }) =>
        steps.flatMap((step) =>
          errnos.map((errno) =>
            errnoClasses.findIndex(
              (c) =>
                c.errnos.includes(errno) &&
                (c.ops?.includes(step.op) ?? true) &&
                (c.kind === undefined || c.kind === step.object.kind),
            ),
          ),
        ),
      ),
    );
    expect([...errnoClasses.keys()].filter((i) => !reached.has(i))).toEqual([]);
  });

  test('tells success, and the kernel port agrees', () => {
    const steps: readonly Step[] = [create, change, remove, { op: 'delete', object: portFdb }];
    for (const step of steps) {
      for (const errno of errnoClasses.flatMap((c) => c.errnos)) {
        const isNews = outcomeOf(step, { errno, text: '' }) === undefined;
        expect([step.op, errno, isNews]).toEqual([step.op, errno, decisionOn(step, errno) === 'news']);
      }
    }
  });
});

test.each<[string, Step, ReturnType<typeof decisionOn>]>([
  ['ENOENT', remove, 'news'],
  ['ENOENT', create, 'retry'],
  ['ENODEV', change, 'retry'],
  ['EOPNOTSUPP', { op: 'delete', object: portFdb }, 'news'],
  ['EOPNOTSUPP', remove, 'terminal'],
  ['EOPNOTSUPP', { op: 'create', object: vxlan }, 'terminal'],
  ['EEXIST', { op: 'create', object: br0 }, 'retry'],
  ['EBUSY', change, 'retry'],
  ['ENOBUFS', create, 'retry'],
  ['ENOMEM', remove, 'retry'],
  ['EADDRNOTAVAIL', change, 'retry'],
  ['EADDRNOTAVAIL', remove, 'news'],
  ['EPERM', create, 'terminal'],
  ['EXFULL', change, 'terminal'],
  ['EINVAL', create, 'ours'],
  ['EKEYEXPIRED', create, 'retry'],
])('%s on %j is %s', (errno, step, decision) => {
  expect(decisionOn(step, errno)).toBe(decision);
  const known = new WeftError('KERNEL_REFUSED', 'no', { details: { errno } });
  expect(decisionOf(step, known)).toBe(decision);
});

test('what has no errno is judged by its code, and what was not tried by nothing', () => {
  expect(decisionOf(create, new WeftError('KERNEL_REFUSED', 'no'))).toBe('retry');
  expect(decisionOf(create, new WeftError('SANDBOX_INVALID', 'gone'))).toBe('terminal');
  expect(decisionOf(create, new WeftError('INVARIANT', 'oh'))).toBe('ours');
  const blocked = new WeftError('KERNEL_REFUSED', 'no', {
    details: { neededStep: { op: 'create', key: 'k' } },
  });
  expect(decisionOf(create, blocked)).toBeUndefined();
});
