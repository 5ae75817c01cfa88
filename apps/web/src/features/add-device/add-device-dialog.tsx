'use client';

import type { JoinOffer } from '@cloudless/proto';
import { useState } from 'react';
import { useJoins } from '#web/live/use-entities.ts';
import { OfferStep } from './offer-step.tsx';
import { TermsStep } from './terms-step.tsx';

/** From what is bound to a device to the device itself. Rendered while it is open. */
export function AddDeviceDialog({ onClose }: { readonly onClose: () => void }) {
  const [offer, setOffer] = useState<JoinOffer>();
  const joins = useJoins();
  const join = offer && (joins.find(({ id }) => id === offer.join.id) ?? offer.join);
  if (offer === undefined || join === undefined) return <TermsStep onOffer={setOffer} onClose={onClose} />;
  return <OfferStep offer={offer} join={join} onAgain={() => setOffer(undefined)} onClose={onClose} />;
}
