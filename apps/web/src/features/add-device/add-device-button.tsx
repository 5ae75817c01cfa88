'use client';

import { Button } from '@cloudless/ui';
import { Plus } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useMay } from '#web/session/session.tsx';
import { useAddDevice } from './add-device-host.tsx';

/** Absent for who may not let devices in. */
export function AddDeviceButton({ variant = 'primary' }: { readonly variant?: 'primary' | 'secondary' }) {
  const t = useTranslations('addDevice');
  const may = useMay();
  const open = useAddDevice();
  if (!may('node.enrol')) return null;
  return (
    <Button variant={variant} icon={<Plus aria-hidden />} onClick={open}>
      {t('title')}
    </Button>
  );
}
