export { type ChannelView, type NodeSessions, type UsageSample } from './node-sessions.ts';
export { createNodeSessions, type NodeSessionsOptions, type NodeSessionsServer } from './create-node-sessions.ts';
export { serveAgents, type AgentDoor } from './serve-agents.ts';
