'use client';

import { isAllowed, type Permission, type ProcedureOutput } from '@cloudless/proto';
import { createContext, useContext } from 'react';

export type Session = ProcedureOutput<'account.me'>;

export const SessionContext = createContext<Session | undefined>(undefined);

/** Who is signed in. Only inside the shell. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error('useSession is for what stands inside the shell');
  return session;
}

/** Whether the person may do something: what they may not is absent. */
export function useMay(): (permission: Permission) => boolean {
  const { role } = useSession();
  return (permission) => isAllowed(permission, role);
}
