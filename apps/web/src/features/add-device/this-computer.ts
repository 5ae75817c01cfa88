export type BrowserFacts = Pick<Navigator, 'platform' | 'userAgent' | 'maxTouchPoints'> & Pick<Location, 'hostname'>;

/**
 * The system of the computer that the browser runs on, where it may join: `undefined` on phones and tablets, on systems that no command is for, and on
 * the coordinator's own machine, which is a device already. A guess that chooses what is shown first, nothing else.
 */
export function findThisComputer({
  platform,
  userAgent,
  maxTouchPoints,
  hostname,
}: BrowserFacts): 'linux' | 'macos' | 'windows' | undefined {
  if (/^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname)) return undefined;
  if (/android|iphone|ipad|ipod|mobile|cros/i.test(userAgent)) return undefined;
  // An iPad says that it is a Mac; no Mac has a touch screen.
  if (/^mac/i.test(platform)) return maxTouchPoints > 1 ? undefined : 'macos';
  if (/^win/i.test(platform)) return 'windows';
  return /^linux/i.test(platform) ? 'linux' : undefined;
}

/** Of this browser. */
export const readThisComputer = (): ReturnType<typeof findThisComputer> => {
  // `platform` is deprecated for what it may name, and what browsers agree on.
  const { platform, userAgent, maxTouchPoints } = navigator;
  return findThisComputer({ platform, userAgent, maxTouchPoints, hostname: location.hostname });
};
