/** A key as Consul's API shows it. */
export interface KvItem {
  readonly Key: string;
  /** Null when it is empty. */
  readonly Value: Buffer | null;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
  /** That holds the key; absent when none does. */
  readonly Session?: string;
}

/** One operation of a transaction, as Consul's API wants it. */
export interface KvOp {
  readonly Verb: 'set' | 'lock' | 'unlock' | 'delete' | 'check-index' | 'check-not-exists' | 'check-session';
  readonly Key: string;
  readonly Value?: string;
  readonly Flags?: number;
  readonly Index?: number;
  readonly Session?: string;
}
