import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { mutants, type Mutant } from './mutants.ts';

const root = join(import.meta.dirname, '../../..');

/** What is imported from here on is the product with one thing broken. To be called before anything of it is. */
export function mutate(name: string): Mutant {
  const mutant = mutants.find((each) => each.name === name);
  if (mutant === undefined) throw new Error(`there is no mutant ${name}`);
  const { file, find, replace } = mutant;
  const place = pathToFileURL(join(root, file)).href;
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      if (url !== place) return loaded;
      const { source = '' } = loaded;
      const text = typeof source === 'string' ? source : Buffer.from(source as Uint8Array).toString('utf8');
      const parts = text.split(find);
      if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} places such as ${find}`);
      return { ...loaded, source: parts.join(replace) };
    },
  });
  return mutant;
}
