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
  type AgentEndpoint,
  type AgentEndpointOptions,
  type AgentUpgrade,
  type AuthenticatedPeer,
} from './agent-endpoint.ts';
export { createPeerEndpoint, type PeerConnection, type PeerEndpoint, type PeerEndpointOptions } from './peer/peer-endpoint.ts';
export { dialPeer, type PeerDial } from './peer/dial-peer.ts';
export { createCarrierMemory, type CarrierMemory } from './carrier-memory.ts';
export { LINK_UPGRADE } from './carrier.ts';
