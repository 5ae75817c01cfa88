export {
  dialCoordinator,
  joinCoordinator,
  pairCoordinator,
  renewCertificate,
  type DialOptions,
  type JoinAnswer,
  type JoinOptions,
  type PairOptions,
  type RenewOptions,
} from './dial-coordinator.ts';
export { toLinkUrl } from './link-address.ts';
export { proxyFor } from './proxy-agent.ts';
export { explainFailure } from './explain-failure.ts';
export { DialFailed } from './dial-failed.ts';
export { type HandshakeExchange } from './handshake-exchange.ts';
export { type JudgePeer, type PeerChain, type TlsIdentity } from './inner-tls.ts';
export {
  createAgentEndpoint,
  AGENT_WEBSOCKET,
  type AgentEndpoint,
  type AgentEndpointOptions,
  type AuthenticatedPeer,
} from './agent-endpoint.ts';
