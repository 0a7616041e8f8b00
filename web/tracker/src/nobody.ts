/** What pages give as an id where they know none: the pattern of layers/core/footfall/events/nobody.py. */

const NOBODY =
  /^((0+|null|nil|none|nan?|nat|n a|undef(ined)?|false|true|object (object|html\w+|window|promise)|not (set|provided|available|authenticated|logged in)|logged out|nobody|no (user|id)|default|(anonymous|unknown|guest)( user)?|guest customer|anon(yme?)?|gast|invitado|ospite|email|(((user|customer|client|visitor|anonymous|distinct|order) ?)?|u)id)( |$))*$/;

/** An id as a text without blanks around it; nothing where it says nobody. */
export const somebody = (value: unknown): string | undefined => {
  const told = ("" + value).trim();
  return NOBODY.test((told.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).join(" ")) ? undefined : told;
};
