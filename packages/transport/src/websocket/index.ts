export {
  dialCoordinator,
  joinCoordinator,
  renewCertificate,
  type DialOptions,
  type JoinOptions,
  type RenewOptions,
} from './dial-coordinator.ts';
export { DialFailed } from './dial-failed.ts';
export { type JudgePeer, type PeerChain, type TlsIdentity } from './inner-tls.ts';
export {
  createAgentEndpoint,
  AGENT_WEBSOCKET,
  type AgentEndpoint,
  type AgentEndpointOptions,
  type AuthenticatedPeer,
} from './agent-endpoint.ts';
