import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { CloudlessError, ERRORS } from '@cloudless/proto';
import { toNodeHandler } from 'better-auth/node';
import type { Auth } from './auth.ts';
import type { PeopleFeed } from './people-feed.ts';
import type { Caller, People } from './people.ts';

/** The routes of better-auth that are open. Its others (API keys, organisations, sign-up) have doors of their own, or none. */
const OPEN_ROUTES: ReadonlySet<string> = new Set([
  'GET /get-session',
  'POST /sign-in/email',
  'POST /sign-out',
  'GET /list-sessions',
  'POST /revoke-session',
  'POST /revoke-sessions',
  'POST /revoke-other-sessions',
  'POST /change-password',
  'POST /update-user',
  'GET /passkey/generate-register-options',
  'POST /passkey/verify-registration',
  'GET /passkey/generate-authenticate-options',
  'POST /passkey/generate-authenticate-options',
  'POST /passkey/verify-authentication',
  'GET /passkey/list-user-passkeys',
  'POST /passkey/delete-passkey',
  'POST /passkey/update-passkey',
]);
const CHANGES_SESSIONS: ReadonlySet<string> = new Set([
  '/sign-in/email',
  '/sign-out',
  '/revoke-session',
  '/revoke-sessions',
  '/revoke-other-sessions',
  '/change-password',
  '/update-user',
]);

export type ServeAuthOptions = {
  readonly auths: { readonly plain: Auth; readonly secure: Auth };
  readonly authenticate: People['authenticate'];
  readonly feed: PeopleFeed;
  readonly onRevoked: () => void;
};

/** In the shape of better-auth's own errors, which its client reads. */
function refuse(response: ServerResponse, error: CloudlessError): void {
  const body = JSON.stringify({ code: error.code.toUpperCase(), message: error.message });
  response.writeHead(ERRORS[error.code].status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function recordSignOut(feed: PeopleFeed, caller: Caller | undefined): void {
  if (caller?.kind !== 'user') return;
  feed({
    kind: 'person.signedOut',
    actor: { kind: 'user', id: caller.id, name: caller.name },
    params: { name: caller.name },
    message: `${caller.name} signed out`,
  });
}

/** Serves `/api/auth/*` by better-auth, the open routes only. */
export function createServeAuth({ auths, authenticate, feed, onRevoked }: ServeAuthOptions): People['serve'] {
  const serveBy = { http: toNodeHandler(auths.plain), https: toNodeHandler(auths.secure) };

  return async (request: IncomingMessage, response: ServerResponse) => {
    const path = (request.url ?? '').split('?', 1)[0]?.replace(/^\/api\/auth/, '') ?? '';
    if (!OPEN_ROUTES.has(`${request.method} ${path}`)) {
      refuse(response, new CloudlessError('not_found', `Nothing is served at ${request.method} ${path}.`));
      return;
    }
    const hostname = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
    if (path.startsWith('/passkey/') && !path.includes('list') && isIP(hostname) !== 0) {
      refuse(
        response,
        new CloudlessError(
          'not_supported_yet',
          'Passkeys do not work on a bare IP address: open the dashboard by a name, for example http://localhost.',
        ),
      );
      return;
    }
    const leaving = path === '/sign-out' ? await authenticate(request.headers) : undefined;
    await serveBy[request.headers['x-forwarded-proto'] === 'https' ? 'https' : 'http'](request, response);
    if (CHANGES_SESSIONS.has(path)) onRevoked();
    if (response.statusCode < 300) recordSignOut(feed, leaving);
  };
}
