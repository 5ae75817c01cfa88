'use client';

import { Button } from '@cloudless/ui';
import { Plus } from 'lucide-react';
import { useTranslations } from 'next-intl';
import dynamic from 'next/dynamic';
import { useState } from 'react';
import { useMay } from '#web/session/session.tsx';

/** Loaded when it is opened: QR codes and forms are not for who only looks. */
export const AddDeviceDialog = dynamic(() => import('./add-device-dialog.tsx').then((module) => module.AddDeviceDialog));

/** Absent for who may not let devices in. */
export function AddDeviceButton({ variant = 'primary' }: { readonly variant?: 'primary' | 'secondary' }) {
  const t = useTranslations('addDevice');
  const may = useMay();
  const [open, setOpen] = useState(false);
  if (!may('node.enrol')) return null;
  return (
    <>
      <Button variant={variant} icon={<Plus aria-hidden />} onClick={() => setOpen(true)}>
        {t('title')}
      </Button>
      {open ? <AddDeviceDialog onClose={() => setOpen(false)} /> : null}
    </>
  );
}
