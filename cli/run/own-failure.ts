/** Exit code for failures of ours, so that those of the command can be told from them (as `docker run` does). */
export const ownFailure = 125;
