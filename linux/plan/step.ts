import type { LinuxObject } from '../objects/object.ts';

/** One change of one object. */
export type Step =
  | { readonly op: 'create'; readonly object: LinuxObject }
  /** In place: the kernel object lives on. */
  | { readonly op: 'change'; readonly object: LinuxObject; readonly from: LinuxObject }
  /** What depends on the object goes with it. */
  | { readonly op: 'delete'; readonly object: LinuxObject };

/** Steps in the order in which they must be carried out. */
export type Plan = readonly Step[];
