/** Who is here: a visitor id that lasts, a session that ends after 30 idle minutes, a known user, and consent. */

import { somebody } from "./nobody";
import { consentRequired, countsHere, writeKey } from "./settings";
import { get, names, remove, set } from "./store";

export const SESSION_GAP = 18e5;

interface Session {
  id: string;
  at: number;
  utm?: Record<string, string>;
}

declare global {
  interface Navigator {
    globalPrivacyControl?: boolean;
  }
}

/** A random id; the second way is for pages without HTTPS, where `randomUUID` is not there. */
export const newId = (): string =>
  crypto.randomUUID?.() ??
  "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
    (+digit ^ (crypto.getRandomValues(new Uint8Array(1))[0]! & (15 >> (+digit / 4)))).toString(16),
  );

/** Whether anything may be recorded now. A browser's Do Not Track or Global Privacy Control outweighs any consent. */
export const allowed = (): boolean => {
  if (!writeKey || navigator.doNotTrack === "1" || navigator.globalPrivacyControl || !countsHere) return false;
  const choice = get("c");
  return choice ? choice === "1" : !consentRequired;
};

export const remember = (given: boolean): void => {
  if (!given) names("").forEach(remove);
  set("c", given ? "1" : "0");
};

export const forgetPerson = (): void => ["v", "u", "s"].forEach(remove);

export const user = (): string | undefined => somebody(get("u"));

export const setUser = (id: string): void => set("u", id);

export const visitor = (): string => {
  const known = get("v") ?? newId();
  set("v", known);
  return known;
};

const current = (): Session | undefined => {
  try {
    return JSON.parse(get("s")!) as Session;
  } catch {
    return undefined;
  }
};

/** Whether the session has ended, or none has begun. */
export const sessionOver = (now: number): boolean => !(now - (current()?.at ?? 0) < SESSION_GAP);

/** The session at this moment; a new one when the last is over, except to say how it ended. */
export const session = (now: number, ending: boolean): Session => {
  let session = current();
  if (!session || (sessionOver(now) && !ending)) session = { id: newId(), at: now };
  const utm: Record<string, string> = {};
  new URLSearchParams(location.search).forEach((value, name) => {
    if (name.startsWith("utm_")) utm[name.slice(4)] = value.slice(0, 256);
  });
  if (Object.keys(utm)[0]) session.utm = utm;
  if (!ending || !sessionOver(now)) session.at = now;
  set("s", JSON.stringify(session));
  return session;
};
