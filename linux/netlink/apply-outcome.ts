import { hasCode, WeftError, type ErrorCode } from '../../model/errors.ts';
import { decisionOn } from '../errno-decisions.ts';
import { keyOf } from '../objects/object.ts';
import type { Step } from '../plan/step.ts';
import type { NetlinkRefusal } from './message.ts';

/** What became of one step; undefined is success. */
export type Outcome = WeftError | undefined;

/** The kernel's answer to the last request of a step. What is news, such as the absence of what was to be deleted, is a success. */
export function outcomeOf(step: Step, refusal: NetlinkRefusal | undefined): Outcome {
  if (refusal === undefined) return undefined;
  if (decisionOn(step, refusal.errno) === 'news') return undefined;
  return refused(step, refusal);
}

/** The step cannot be carried out, in the kernel's words or in ours. */
export function refused(step: Step, { errno, text }: NetlinkRefusal): WeftError {
  const key = keyOf(step.object);
  return new WeftError(
    codeOf(step, { errno, text }),
    `cannot ${step.op} ${key}: ${errno}${text === '' ? '' : `: ${text}`}`,
    { details: { key, op: step.op, errno, text } },
  );
}

/**
 * What becomes of a step when its namespace cannot be entered: in one that is gone there is nothing left to delete.
 *
 * @throws whatever leaves open what has been done.
 */
export function outcomeWithout(step: Step, error: unknown): Outcome {
  if (!hasCode(error, 'SANDBOX_INVALID', 'PERMISSION_DENIED')) throw error;
  const { code, message } = error as WeftError;
  if (code === 'SANDBOX_INVALID' && step.op === 'delete') return undefined;
  const key = keyOf(step.object);
  return new WeftError(code, `cannot ${step.op} ${key}: ${message}`, {
    cause: error,
    details: { key, op: step.op },
  });
}

function codeOf({ op, object }: Step, { errno, text }: NetlinkRefusal): ErrorCode {
  // EACCES says as well that a sandbox has no IPv6, which is no matter of rights.
  const isDenied = errno === 'EPERM' || (errno === 'EACCES' && !text.includes('IPv6 is disabled'));
  if (isDenied) return 'PERMISSION_DENIED';
  const isLink = object.kind === 'bridge' || object.kind === 'vxlan' || object.kind === 'veth';
  return errno === 'EOPNOTSUPP' && op === 'create' && isLink ? 'KERNEL_MISSING' : 'KERNEL_REFUSED';
}
