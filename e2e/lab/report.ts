import { asWeftError, WeftError } from '../../model/errors.ts';

/** One step of work on the lab, told when it starts and when it ends. */
export interface Progress {
  readonly state: 'start' | 'done' | 'failed';
  /** What is being done, such as `start weftd`. */
  readonly step: string;
  /** The host that it concerns, such as `h1`; absent: the lab as a whole. */
  readonly host?: string;
  /** Milliseconds that it took; absent at the start. */
  readonly took?: number;
  /** What came of it, such as `already there`. */
  readonly outcome?: string;
}

export type Report = (progress: Progress) => void;

export const silent: Report = () => undefined;

/**
 * Does one step and reports it. A failure is thrown on with the host and the step in front of its message.
 * `work` returns what came of it, for the report, or nothing.
 */
export async function doStep(
  report: Report,
  what: { readonly step: string; readonly host?: string },
  work: () => Promise<string | undefined>,
): Promise<void> {
  const start = performance.now();
  report({ ...what, state: 'start' });
  try {
    const outcome = await work();
    const took = performance.now() - start;
    report({ ...what, state: 'done', took, ...(outcome === undefined ? {} : { outcome }) });
  } catch (error) {
    report({ ...what, state: 'failed', took: performance.now() - start });
    const known = asWeftError(error);
    const where = what.host === undefined ? 'lab' : `host ${what.host}`;
    throw new WeftError(known.code, `${where}: ${what.step}: ${known.message}`, {
      cause: error,
      details: { ...known.details, ...what },
    });
  }
}
