import { request } from 'node:http';
import { agentStatusSchema, type AgentStatus } from '../agent-status.ts';

const DEADLINE_MS = 5_000;

function ask(socketPath: string, method: string, path: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method, path, timeout: DEADLINE_MS, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked.once('timeout', () => asked.destroy(new Error('the agent did not answer in time')));
    asked.once('error', reject);
    asked.end();
  });
}

/** The agent that runs on this machine. @returns `undefined` when none does */
export async function askStatus(socketPath: string): Promise<AgentStatus | undefined> {
  try {
    const { body } = await ask(socketPath, 'GET', '/');
    return agentStatusSchema.parse(JSON.parse(body));
  } catch {
    return undefined;
  }
}

/** @returns why it cannot, or `undefined` when the agent has begun to leave */
export async function askToLeave(socketPath: string, now: boolean): Promise<string | undefined> {
  const { status, body } = await ask(socketPath, 'POST', now ? '/leave?now=1' : '/leave');
  if (status === 202) return undefined;
  const answer: unknown = JSON.parse(body);
  return typeof answer === 'object' && answer !== null && 'message' in answer ? String(answer.message) : body;
}
