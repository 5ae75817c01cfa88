'use client';

import { useEffect, useRef, useState, type RefObject } from 'react';
import { readCode } from '../add-device/join-steps.ts';

/** Frames looked at a second: a code is held still. */
const LOOK_EVERY_MS = 200;
/** Longest side of what is decoded: more costs time and finds no more. */
const MAX_SIDE = 800;

/** Decodes a picture; loaded when the camera is used. */
async function decode(source: CanvasImageSource, width: number, height: number): Promise<string | undefined> {
  const { default: jsQR } = await import('jsqr');
  const scale = Math.min(1, MAX_SIDE / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context || canvas.width === 0 || canvas.height === 0) return undefined;
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return jsQR(context.getImageData(0, 0, canvas.width, canvas.height).data, canvas.width, canvas.height)?.data;
}

/** The text of a QR code on a photo; `undefined` when there is none. */
export async function readPhoto(file: File): Promise<string | undefined> {
  const bitmap = await createImageBitmap(file);
  try {
    return await decode(bitmap, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}

/** Whether this page may ask for the camera: browsers allow it over HTTPS and on localhost only. */
export const mayUseCamera = (): boolean => typeof navigator !== 'undefined' && navigator.mediaDevices !== undefined;

/** Looks through the camera until it sees a code of ours. */
export function useCamera(
  isOn: boolean,
  onCode: (code: string) => void,
): { readonly video: RefObject<HTMLVideoElement | null>; readonly failure: string | undefined } {
  const video = useRef<HTMLVideoElement | null>(null);
  const [failure, setFailure] = useState<string>();
  const found = useRef(onCode);
  found.current = onCode;
  useEffect(() => {
    if (!isOn) return;
    const stopping = new AbortController();
    void look(video, stopping.signal, (code) => found.current(code)).catch((cause: unknown) => {
      if (!stopping.signal.aborted) setFailure(cause instanceof Error ? cause.message : String(cause));
    });
    return () => stopping.abort();
  }, [isOn]);
  return { video, failure };
}

async function look(video: RefObject<HTMLVideoElement | null>, signal: AbortSignal, onCode: (code: string) => void): Promise<void> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  const stop = (): void => stream.getTracks().forEach((track) => track.stop());
  signal.addEventListener('abort', stop, { once: true });
  try {
    const element = video.current;
    if (signal.aborted || element === null) return;
    element.srcObject = stream;
    await element.play();
    while (!signal.aborted) {
      const text = await decode(element, element.videoWidth, element.videoHeight);
      const code = text === undefined ? undefined : readCode(text);
      if (code !== undefined) return onCode(code);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  } finally {
    stop();
  }
}
