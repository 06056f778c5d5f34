import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');

/** A line of README.md that somebody types: on which of its machines, or on any. */
export interface Typed {
  /** 1 for `n1#`; undefined where the page names no machine. */
  readonly machine: number | undefined;
  readonly line: string;
}

/** What is typed in the code blocks between two texts of README.md, in order. @throws when there is nothing of it. */
export function typedIn(from: string, to: string): readonly Typed[] {
  const part = partOf(from, to);
  const blocks = [...part.matchAll(/^```\n(.*?)^```$/gms)].flatMap(([, block = '']) => block.split('\n'));
  const typed = blocks.flatMap((text): readonly Typed[] => {
    const [, machine, line] = /^n(\d)# (.*)$/.exec(text) ?? [];
    if (line !== undefined) return [{ machine: Number(machine), line }];
    return text.startsWith('etcdctl ') ? [{ machine: undefined, line: text }] : [];
  });
  if (typed.length === 0) throw new Error(`README.md: nothing is typed between "${from}" and "${to}"`);
  return typed;
}

/** The commands in the first column of the table of everyday commands, without what stands behind their names: `weft network ls`. */
export function everydayCommands(): readonly string[] {
  const rows = partOf('## Everyday commands', '| exit code').matchAll(/^\| (`weft.*?) \|/gm);
  const spans = [...rows].flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)]);
  return [...new Set(spans.map(([, span = '']) => commandOf(span)))];
}

const groups = ['network', 'endpoint', 'node', 'store', 'ip', 'debug'];

/** `weft network ls` of `weft network ls -o json`. */
export function commandOf(line: string): string {
  const [program = '', first = '', second = ''] = line.split(' ');
  return [program, first, ...(groups.includes(first) ? [second] : [])].join(' ');
}

function partOf(from: string, to: string): string {
  const start = readme.indexOf(from);
  const end = readme.indexOf(to, start);
  if (start < 0 || end < 0) throw new Error(`README.md has no part from "${from}" to "${to}"`);
  return readme.slice(start, end);
}
