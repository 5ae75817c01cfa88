import { EMPTY_STATE, type AgentIdentity, type AgentState, type HeldState } from './state.ts';

/** State that survives the agent but not the process: for the simulator and for tests. Reuse it to restart an agent. */
export function createMemoryState(identity?: AgentIdentity): AgentState {
  let heldIdentity = identity;
  let held: HeldState = EMPTY_STATE;
  return {
    loadIdentity: () => Promise.resolve(heldIdentity),
    saveIdentity(next) {
      heldIdentity = next;
      return Promise.resolve();
    },
    loadHeld: () => Promise.resolve(structuredClone(held)),
    saveHeld(next) {
      held = structuredClone(next);
      return Promise.resolve();
    },
  };
}
