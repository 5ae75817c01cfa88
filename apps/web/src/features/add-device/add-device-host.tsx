'use client';

import dynamic from 'next/dynamic';
import { usePathname } from 'next/navigation';
import { createContext, useCallback, useContext, useState, type ReactNode } from 'react';

/** Loaded when it is opened: QR codes and forms are not for who only looks. */
const AddDeviceDialog = dynamic(() => import('./add-device-dialog.tsx').then((module) => module.AddDeviceDialog), { ssr: false });

const AddDeviceContext = createContext<(() => void) | undefined>(undefined);

/** Opens the dialog. Only inside the shell. */
export function useAddDevice(): () => void {
  const open = useContext(AddDeviceContext);
  if (open === undefined) throw new Error('useAddDevice is for what stands inside the shell');
  return open;
}

/** Holds the one dialog over whatever page is shown: what opened it may go away meanwhile, as Home's first cards do. */
export function AddDeviceHost({ children }: { readonly children: ReactNode }) {
  const pathname = usePathname();
  const [openedOn, setOpenedOn] = useState<string>();
  const open = useCallback(() => setOpenedOn(pathname), [pathname]);
  return (
    <AddDeviceContext value={open}>
      {children}
      {openedOn === pathname ? <AddDeviceDialog onClose={() => setOpenedOn(undefined)} /> : null}
    </AddDeviceContext>
  );
}
