/** Records what a person does on a page, with listeners on the whole document. Contents of fields are never read. */

import { cleanText, cleanUrl, cut } from "./privacy";
import { onPage, record, seconds, type Fields } from "./page";
import { watches } from "./settings";
import { watchVitals } from "./vitals";

const POINTABLE = "a,button,input,select,textarea,summary,label,[role=button],[role=tab],[data-footfall-event]";
const WORDED = "a,button,summary,[role=button],[role=tab]";
const PRIVATE = "[data-footfall-private],[contenteditable]";
const FIELDS = "input:not([type=hidden],[type=submit],[type=button]),select,textarea";
const MARKED = "data-footfall-event";
const DEPTHS = [25, 50, 75, 100];
const RAGE = { clicks: 3, within: 1000, radius: 30 };
const SHORTEST_HOVER = 250;
const MOST_ERRORS = 10;

const listen = <Name extends keyof DocumentEventMap>(name: Name, listener: (event: DocumentEventMap[Name]) => void): void =>
  document.addEventListener(name, listener, { capture: true, passive: true });

const target = (event: Event): Element | undefined => {
  const found = event.composedPath()[0];
  return found instanceof Element ? found : undefined;
};

/** An element as a short selector. */
const describe = (element: Element): string => {
  const attribute = (name: string): string | null => element.getAttribute(name);
  const label =
    (attribute("id") && "#" + attribute("id")) ||
    (attribute("name") && `[name=${attribute("name")}]`) ||
    [...element.classList].slice(0, 2).map((name) => "." + name).join("");
  return cut(element.localName + label, 200);
};

const position = (event: MouseEvent): Fields =>
  // a click made with the keyboard has no coordinates
  event.detail || event.type !== "click"
    ? {
        coordinates: {
          x: Math.round(event.clientX),
          y: Math.round(event.clientY),
          viewport: { width: innerWidth, height: innerHeight },
          page: {
            x: Math.round(event.pageX),
            y: Math.round(event.pageY),
            width: document.documentElement.scrollWidth,
            height: document.documentElement.scrollHeight,
          },
        },
      }
    : {};

/** What is written on a link or button, unless it is marked as private. */
const wording = (element: Element): Fields =>
  !element.matches(WORDED) || element.closest(PRIVATE)
    ? {}
    : {
        text: cleanText(element.getAttribute("aria-label") || element.textContent || "", 80),
        href: cleanUrl((element as HTMLAnchorElement).href ?? "") || undefined,
      };

/** The event that an element is marked with, and its `data-footfall-…` attributes as properties. */
const recordMarked = (element: Element | null): void => {
  const name = element?.getAttribute(MARKED);
  if (!name) return;
  const properties: Fields = {};
  for (const attribute of element!.attributes) {
    const [, property] = /^data-footfall-(?!event$|hover$|private$)(.+)/.exec(attribute.name) ?? [];
    const number = +attribute.value;
    if (property) properties[property.replace(/-/g, "_")] = "" + number === attribute.value ? number : attribute.value;
  }
  record("track", { event: name, properties });
};

const watchClicks = (): void => {
  let last: MouseEvent | undefined;
  let before: Element | undefined;
  let burst = 0;
  listen("click", (event) => {
    const clicked = target(event);
    // a click on a label is followed by one on its field, of the same instant
    if (!clicked || !event.isTrusted || (event.timeStamp === last?.timeStamp && clicked !== before)) return;
    const element = clicked.closest(POINTABLE) ?? clicked;
    const fields = { element: describe(element), ...position(event) };
    record("click", { ...fields, properties: wording(element) });
    recordMarked(clicked.closest(`[${MARKED}]:not(form)`));
    const near =
      last &&
      event.detail &&
      event.timeStamp - last.timeStamp < RAGE.within &&
      Math.hypot(event.clientX - last.clientX, event.clientY - last.clientY) < RAGE.radius;
    burst = near ? burst + 1 : 1;
    last = event;
    before = clicked;
    if (burst === RAGE.clicks) record("rage_click", { ...fields, value: burst });
  });
};

const watchHovers = (): void => {
  let over: Element | null = null;
  let since = 0;
  let fields: Fields = {};
  const move = (element: Element | null, event?: MouseEvent): void => {
    if (element === over) return;
    const stayed = performance.now() - since;
    if (over && stayed >= SHORTEST_HOVER) record("hover", { ...fields, duration: seconds(stayed) });
    over = element;
    since = performance.now();
    if (element && event) {
      const label = element.getAttribute("data-footfall-hover");
      fields = { element: describe(element), ...position(event), properties: { label: label || undefined } };
    }
  };
  listen("pointerover", (event) => {
    if (event.pointerType === "mouse") move(target(event)?.closest("[data-footfall-hover]") ?? null, event);
  });
  document.documentElement.addEventListener("pointerleave", () => move(null));
  onPage(() => 0, () => move(null));
};

const watchScrolling = (): void => {
  let left = DEPTHS;
  let timer = 0;
  const measure = (): void => {
    clearTimeout(timer);
    timer = 0;
    const depth = ((scrollY + innerHeight + 2) / document.documentElement.scrollHeight) * 100;
    const passed = left.filter((mark) => mark <= depth);
    left = left.slice(passed.length);
    passed.forEach((value) => record("scroll", { value }));
  };
  listen("scroll", () => (timer ||= window.setTimeout(measure, 150)));
  onPage(
    () => (left = DEPTHS),
    () => timer && measure(),
  );
};

const formName = (form: Element | null): string | undefined =>
  form?.getAttribute("id") || form?.getAttribute("name") || undefined;

const watchForms = (): void => {
  const used = new WeakSet<Element>();
  listen("focusin", (event) => {
    const field = target(event);
    if (!field?.matches(FIELDS) || used.has(field)) return;
    used.add(field);
    const name = field.getAttribute("name") || field.getAttribute("id") || undefined;
    const type = field.getAttribute("type") || field.localName;
    record("form", { element: describe(field), properties: { form: formName(field.closest("form")), field: name, type } });
  });
  listen("submit", (event) => {
    const form = target(event)!;
    record("form_submit", { element: describe(form), properties: { form: formName(form) } });
    recordMarked(form);
  });
};

const watchErrors = (): void => {
  const known = new Set<string>();
  const report = (message: string, properties: Fields): void => {
    if (known.has(message) || known.size >= MOST_ERRORS) return;
    known.add(message);
    record("javascript_error", { properties: { message: cleanText(message, 200), ...properties } });
  };
  addEventListener("error", ({ message, filename, lineno, colno }) =>
    report(message, { source: cleanUrl(filename), line: lineno, column: colno }),
  );
  addEventListener("unhandledrejection", ({ reason }) => report("" + (reason?.message ?? reason), {}));
};

export const watchPeople = (): void => {
  const watchers = {
    click: watchClicks,
    hover: watchHovers,
    scroll: watchScrolling,
    form: watchForms,
    error: watchErrors,
    vitals: watchVitals,
  };
  for (const [what, watch] of Object.entries(watchers)) if (watches(what)) watch();
};
