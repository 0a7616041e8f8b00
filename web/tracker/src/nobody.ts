/** What pages give as an id where they know none: the list of layers/core/footfall/events/nobody.py. */

const PLACEHOLDERS =
  "null|nil|none|nan|nat|na|n a|undefined|undef|void|empty|missing|false|true|object object|not set|not provided|" +
  "not available|unknown|unknown user|nobody|no user|no id|default|anonymous|anonymous user|anonym|anonyme|anon|" +
  "guest|guest user|guest customer|gast|invitado|ospite|not authenticated|not logged in|logged out|id|uid|email|" +
  "userid|user id|customerid|customer id|clientid|client id|visitorid|visitor id|anonymousid|anonymous id|" +
  "distinctid|distinct id|orderid|order id";
const ODD = /^(-1|\\n|\[object \w+\]|#[a-z0-9/]+[!?]|\{\{.*\}\}|\{%.*%\}|\$\{.*\}|<%.*%>|%%.*%%|\*\|.*\|\*)$/i;
const known = PLACEHOLDERS.split("|");

/** An id as a text without blanks around it; nothing where it says nobody. */
export const somebody = (value: unknown): string | undefined => {
  const told = ("" + value).trim();
  const words = told.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const isNobody = words.every((word) => known.includes(word) || /^0+$/.test(word)) || known.includes(words.join(" "));
  return isNobody || ODD.test(told) ? undefined : told;
};
