import type { CaseResult, SuiteResults } from '../../kvstore/testing/faults/results.ts';

/** One case on all back ends; undefined where it did not come to an end. */
interface Row {
  readonly suite: string;
  readonly name: string;
  readonly cells: readonly (CaseResult | undefined)[];
}

/** All suites as one table: every back end that has a suite has to have every case of it. */
export interface Report {
  readonly backEnds: readonly string[];
  readonly rows: readonly Row[];
  /** `exception` texts, each once; a cell names its number, counted from one. */
  readonly notes: readonly string[];
  /** What is wrong; empty when all is well. */
  readonly failures: readonly string[];
}

const order = ['etcd', 'Consul', 'file'];

export function makeReport(results: readonly SuiteResults[]): Report {
  const backEnds = order.filter((name) => results.some(({ backEnd }) => backEnd === name));
  const suites = [...new Set(results.map(({ suite }) => suite))];
  const rows = suites.flatMap((suite): Row[] => {
    const own = results.filter((each) => each.suite === suite);
    const names = [...new Set(own.flatMap(({ cases }) => cases.map(({ name }) => name)))];
    const find = (backEnd: string, name: string): CaseResult | undefined =>
      own.find((each) => each.backEnd === backEnd)?.cases.find((each) => each.name === name);
    return names.map((name) => ({ suite, name, cells: backEnds.map((backEnd) => find(backEnd, name)) }));
  });
  const notes = [...new Set(rows.flatMap(({ cells }) => cells.flatMap((cell) => noteOf(cell) ?? [])))];
  const failures = rows.flatMap(({ name, cells }) =>
    cells.flatMap((cell, n) => {
      const where = `${backEnds[n]}: ${name}`;
      if (cell === undefined) return [`${where}: did not run to its end`];
      return cell.kind === 'failed' ? [`${where}: ${cell.message.split('\n')[0]}`] : [];
    }),
  );
  const absent = order.filter((name) => !backEnds.includes(name)).map((name) => `${name}: no suite ran`);
  return { backEnds, rows, notes, failures: [...absent, ...failures] };
}

/** Line by line, for a terminal. */
export function asText(report: Report): string {
  const width = 12;
  const cellText = (cell: CaseResult | undefined): string => word(report, cell).padEnd(width);
  const head = report.backEnds.map((name) => name.padEnd(width)).join('');
  const lines = report.rows.flatMap(({ name, cells }) => [
    `${cells.map(cellText).join('')}${name}`,
    ...cells.flatMap((cell, n) =>
      cell?.kind === 'passed' && cell.figure !== undefined
        ? [`${' '.repeat(width * cells.length)}  ${report.backEnds[n]}: ${cell.figure}`]
        : [],
    ),
  ]);
  const notes = report.notes.map((note, n) => `exception ${n + 1}: ${note}`);
  return [head, ...lines, '', ...notes].join('\n');
}

/** The page docs/reference/stores.md. `about`: when, where and with which programs. */
export function asPage(report: Report, about: readonly string[]): string {
  const escape = (text: string): string =>
    text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('`', '');
  const cellText = (cell: CaseResult | undefined): string => {
    const figure = cell?.kind === 'passed' && cell.figure !== undefined ? `: ${escape(cell.figure)}` : '';
    return `${word(report, cell)}${figure}`;
  };
  const table = [
    `| case | ${report.backEnds.join(' | ')} |`,
    `|---|${report.backEnds.map(() => '---|').join('')}`,
    ...report.rows.map(({ name, cells }) => `| ${escape(name)} | ${cells.map(cellText).join(' | ')} |`),
  ];
  return [
    '# What the stores withstand',
    '',
    'Written by `make stores` from its results; not by hand. Each case runs on real servers and files, and is the same for every ' +
      'back end. In each of them watches are held to what they guarantee: **in order; never older than seen; each thing once; ' +
      'transactions whole; nothing lost at the end**. An exception is what a back end does not have, with what covers it instead.',
    '',
    ...about.map((line) => `* ${line}`),
    '',
    ...table,
    '',
    '## Exceptions',
    '',
    ...report.notes.map((note, n) => `${n + 1}. ${note}`),
    '',
  ].join('\n');
}

function noteOf(cell: CaseResult | undefined): string | undefined {
  return cell?.kind === 'exception' ? `${cell.why}. Cover: ${cell.cover}.` : undefined;
}

function word({ notes }: Report, cell: CaseResult | undefined): string {
  if (cell === undefined) return 'MISSING';
  if (cell.kind === 'failed') return 'FAILED';
  if (cell.kind === 'passed') return 'passed';
  return `exception ${notes.indexOf(noteOf(cell) ?? '') + 1}`;
}
