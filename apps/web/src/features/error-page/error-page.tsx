import type { ErrorCode } from '@cloudless/proto';
import { useTranslations } from 'next-intl';
import { WithCode } from '#web/live/with-code.tsx';

/** What the `type` of an answer (RFC 9457) leads to: the error in words, and what to do. For everybody: who joins is not signed in. */
export function ErrorPage({ code }: { readonly code: ErrorCode }) {
  const t = useTranslations('errors');
  return (
    <>
      <div>
        <h1 className="text-xl font-semibold">{t(`${code}.title`)}</h1>
        <p translate="no" className="font-mono text-xs text-ink-soft">
          {code}
        </p>
      </div>
      <section>
        <h2 className="font-medium">{t('whatToDo')}</h2>
        <p>
          <WithCode text={t(`${code}.remedy`)} />
        </p>
      </section>
      <p className="text-ink-soft">{t('pageText')}</p>
    </>
  );
}
