'use client';

import { Skeleton } from '@cloudless/ui';
import { useEffect, useState } from 'react';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAsk } from '#web/live/use-ask.ts';
import { ClaimForm, ClaimHeading } from './claim-form.tsx';
import { RecoveryCodes } from './recovery-codes.tsx';
import { useClaimCode } from './use-claim-code.ts';

/** From the one-time code to the owner, and the recovery codes to keep. */
export function ClaimPage() {
  const state = useAsk('claim.state', {});
  const code = useClaimCode();
  const [codes, setCodes] = useState<readonly string[]>();
  const isTaken = state.data?.claimed === true && codes === undefined;
  useEffect(() => {
    // Who claimed it a moment ago is signed in; everybody else is sent on to the door.
    if (isTaken) location.replace('/');
  }, [isTaken]);
  if (codes) return <RecoveryCodes codes={codes} onSaved={() => location.assign('/')} />;
  if (state.error) return <FailureCallout failure={state.error} onRetry={() => void state.refetch()} />;
  // One heading through both: made anew, it would count as painted when the answer came.
  return (
    <>
      <ClaimHeading />
      {state.data === undefined || isTaken ? <Skeleton className="h-80 w-full" /> : <ClaimForm givenCode={code} onClaimed={setCodes} />}
    </>
  );
}
