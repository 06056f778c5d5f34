/** By what we know a store, and by what it knows us. The first three are PEM. */
export interface Secrets {
  /** The authorities that may vouch for a server; absent: those that the system trusts. */
  readonly ca?: string;
  /** Our certificate with its chain, and the key to it: both or neither. */
  readonly cert?: string;
  readonly key?: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
}

/** Asked before each connection and each login, so that what was renewed is used without a restart. */
export interface StoreCredentials {
  /**
   * The secrets as of now. A certificate always comes with the key that fits it.
   *
   * @throws INPUT_INVALID while there never was a good one of something that is set.
   */
  read(): Promise<Secrets>;
}

/** For a store that asks for nothing. */
export const noCredentials: StoreCredentials = { read: async () => ({}) };
