import { passkeyClient } from '@better-auth/passkey/client';
import { createAuthClient } from 'better-auth/client';

const make = () => createAuthClient({ baseURL: location.origin, basePath: '/api/auth', plugins: [passkeyClient()] });
let made: ReturnType<typeof make> | undefined;

/** Sign-in, sign-out, sessions and passkeys. Only in the browser. */
export function authClient(): ReturnType<typeof make> {
  made ??= make();
  return made;
}
