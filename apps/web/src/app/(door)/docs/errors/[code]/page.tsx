import { ERRORS, type ErrorCode } from '@cloudless/proto';
import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { notFound } from 'next/navigation';
import { ErrorPage } from '#web/features/error-page/error-page.tsx';

type Props = { readonly params: Promise<{ readonly code: string }> };

async function readCode({ params }: Props): Promise<ErrorCode> {
  const { code } = await params;
  if (!Object.hasOwn(ERRORS, code)) notFound();
  return code as ErrorCode;
}

export async function generateMetadata(props: Props): Promise<Metadata> {
  const t = await getTranslations('errors');
  return { title: t(`${await readCode(props)}.title`) };
}

export default async function Page(props: Props) {
  return <ErrorPage code={await readCode(props)} />;
}
