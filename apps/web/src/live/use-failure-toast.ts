'use client';

import type { CloudlessError } from '@cloudless/proto';
import { toast } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { useEffect } from 'react';
import { useFailureText } from './use-failure-text.ts';

/** Tells of a refusal of an action that has no room for it beside its button. */
export function useFailureToast(failure: CloudlessError | undefined): void {
  const errors = useTranslations('errors');
  const sayFailure = useFailureText();
  useEffect(() => {
    if (failure) toast({ tone: 'bad', title: errors(`${failure.code}.title`), text: sayFailure(failure) ?? failure.message });
  }, [failure, errors, sayFailure]);
}
