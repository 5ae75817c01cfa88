import type { ReactNode } from 'react';
import { DoorFrame } from '#web/shell/door-frame.tsx';

export default function DoorLayout({ children }: { readonly children: ReactNode }) {
  return <DoorFrame>{children}</DoorFrame>;
}
