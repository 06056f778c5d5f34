/** Acts by the view, on networks, nodes or endpoints, for as long as the agent runs. */
export interface Caretaker {
  /** What may be done, or had to be left, may be different now. */
  lookAgain(): void;
  /** Resolves when what is under way has ended. */
  close(): Promise<void>;
}
