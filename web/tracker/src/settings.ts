/** What the script tag says: its `data-…` attributes. */

const tag = document.currentScript as HTMLScriptElement | null;
const attribute = (name: string): string | null => tag?.getAttribute("data-" + name) ?? null;
const list = (name: string): string[] | undefined =>
  attribute(name)
    ?.split(",")
    .map((item) => item.trim())
    .filter(Boolean);

const automatic = list("auto");
const domains = list("domains");
const excluded = list("exclude");

export const writeKey = attribute("key");
export const consentRequired = attribute("consent") === "required";

/** Where events go: `data-host`, else where the script itself came from. */
export const collector = new URL("collect", (attribute("host") || new URL(tag?.src || location.href).origin) + "/").href;

/** Whether the tracker records this by itself: all by default, nothing with `data-auto="false"`, else what it lists. */
export const watches = (what: string): boolean =>
  !automatic || automatic[0] === "true" || automatic.includes(what);

/** Whether the shop is on one of the domains that are to be counted. */
export const countsHere = !domains || domains.includes(location.hostname);

/** Whether whatever follows the # of an address is a page of its own; it always is where it begins with `#/` or `#!`. */
export const hashRoutes = attribute("hash-routes") !== null;

/** Whether pages of this path are not to be counted. */
export const isExcluded = (path: string): boolean => !!excluded?.some((start) => path.startsWith(start));
