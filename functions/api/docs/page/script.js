"use strict";
const DEEPEST = 5;
const base = new URL(".", location.href).href.replace(/\/$/, "");
const $ = (id) => document.getElementById(id);
let api;

/** An element with properties and children; text is always text, never markup. */
function el(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.flat().filter((child) => child != null && child !== ""));
  return made;
}

/** Paragraphs, with `code` in back-quotes. */
function prose(text) {
  return (text || "").trim().split(/\n\s*\n/).filter(Boolean).map((part) =>
    el("p", {}, part.split("`").map((piece, at) => (at % 2 ? el("code", {}, piece) : piece))));
}

function resolve(thing) {
  let found = thing;
  while (found && found.$ref) found = found.$ref.slice(2).split("/").reduce((at, name) => at[name], api);
  return found || {};
}

function typeOf(schema) {
  const known = resolve(schema);
  const options = known.anyOf || known.oneOf;
  if (options) return options.map(typeOf).join(" | ");
  if (known.enum) return known.enum.map((value) => JSON.stringify(value)).join(" | ");
  if ("const" in known) return JSON.stringify(known.const);
  if (known.type === "array") return `${typeOf(known.items)}[]`;
  if (known.type === "object" && typeof known.additionalProperties === "object") return `{…: ${typeOf(known.additionalProperties)}}`;
  return known.title && known.properties ? known.title : known.format || known.type || "anything";
}

/** The object that a schema holds somewhere: itself, an array's item, a map's value, one of its options. */
function inner(schema) {
  const known = resolve(schema);
  if (known.properties) return known;
  if (known.items) return inner(known.items);
  if (typeof known.additionalProperties === "object") return inner(known.additionalProperties);
  return (known.anyOf || known.oneOf || []).map(inner).find(Boolean);
}

function fields(schema, depth = 0) {
  const known = inner(schema);
  if (!known || depth > DEEPEST) return null;
  const needed = new Set(known.required || []);
  return el("ul", { className: "fields" }, Object.entries(known.properties).map(([name, field]) => {
    const { description } = resolve(field);
    return el("li", {}, el("code", {}, name), " ", el("span", { className: "type" }, typeOf(field) + (needed.has(name) ? "" : " (optional)")),
      description && inner(field) === undefined ? [" – ", ...prose(description).flatMap((p) => [...p.childNodes])] : "",
      fields(field, depth + 1));
  }));
}

function example(schema, depth = 0) {
  const known = resolve(schema);
  if (known.examples) return known.examples[0];
  if ("const" in known) return known.const;
  if ("default" in known && known.default !== null) return known.default;
  if (known.enum) return known.enum[0];
  const options = known.anyOf || known.oneOf;
  if (options) return example(options.find((option) => option.type !== "null") || {}, depth);
  if (depth > DEEPEST) return null;
  if (known.properties) return Object.fromEntries(Object.entries(known.properties).map(([name, field]) => [name, example(field, depth + 1)]));
  if (known.type === "array") return [example(known.items || {}, depth + 1)];
  if (known.type === "object") return {};
  return { string: known.format === "date-time" ? "2026-11-21T12:00:00Z" : known.format === "date" ? "2026-11-21" : "…", integer: 1, number: 1.5, boolean: true }[known.type] ?? null;
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function build(route, form) {
  const filled = [...form.querySelectorAll("[data-in]")].filter((input) => input.value !== "");
  const part = (place) => filled.filter((input) => input.dataset.in === place).map((input) => [input.name, input.value]);
  const path = part("path").reduce((at, [name, value]) => at.replace(`{${name}}`, encodeURIComponent(value)), route.path);
  const query = new URLSearchParams(part("query")).toString();
  const headers = { ...Object.fromEntries(part("header")), ...(route.operation.security.length ? { "X-Api-Key": $("key").value || keyName(route) } : {}) };
  const body = form.querySelector("textarea")?.value;
  if (body) headers["Content-Type"] = "application/json";
  return { url: base + path + (query ? `?${query}` : ""), method: route.method.toUpperCase(), headers, body };
}

/** The variable that `footfall up` says to export for such a key. */
function keyName({ operation }) {
  return operation.security.some((keys) => "WriteKey" in keys) ? "$FOOTFALL_WRITE_KEY" : "$FOOTFALL_KEY";
}

/** The request as a command; the key itself only where it is to be copied. */
function curl(route, { url, method, headers, body }, shown) {
  const hidden = (value) => (shown && !value.startsWith("$") ? quoted(`X-Api-Key: ${value}`) : `"X-Api-Key: ${keyName(route)}"`);
  const lines = Object.entries(headers).map(([name, value]) => `-H ${name === "X-Api-Key" ? hidden(value) : quoted(`${name}: ${value}`)}`);
  return [`curl ${method === "GET" ? "" : `-X ${method} `}${quoted(url)}`, ...lines, ...(body ? [`-d ${quoted(body)}`] : [])].join(" \\\n  ");
}

async function send(request, output) {
  output.replaceChildren("…");
  const began = performance.now();
  try {
    const answer = await fetch(request.url, request);
    const text = await answer.text();
    let pretty = text;
    try { pretty = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: as it is */ }
    output.replaceChildren(el("p", { className: answer.ok ? "" : "bad" }, `${answer.status} in ${Math.round(performance.now() - began)} ms`), el("pre", {}, pretty));
  } catch (error) {
    output.replaceChildren(el("p", { className: "bad" }, `No answer: ${error.message}`));
  }
}

function input(parameter) {
  const schema = resolve(parameter.schema);
  const common = { name: parameter.name, required: parameter.required, ariaLabel: parameter.name };
  const options = (schema.enum || schema.anyOf?.map(resolve).find((option) => option.enum)?.enum);
  const made = options ? el("select", common, ["", ...options].map((value) => el("option", { value }, value))) : el("input", { ...common, placeholder: schema.default ?? schema.examples?.[0] ?? "" });
  made.dataset.in = parameter.in;
  return made;
}

function parameters(list) {
  return el("table", {}, list.map((parameter) => el("tr", {},
    el("td", { className: parameter.required ? "needed" : "" }, parameter.name), el("td", {}, typeOf(parameter.schema).replace(" | null", "")),
    el("td", {}, prose(parameter.description || resolve(parameter.schema).description)), el("td", {}, input(parameter)))));
}

function bodyOf(operation) {
  const content = operation.requestBody?.content["application/json"];
  if (!content) return null;
  const given = Object.values(content.examples || {})[0]?.value ?? example(content.schema);
  return [el("h3", {}, "Body"), prose(operation.requestBody.description), fields(content.schema), el("textarea", { spellcheck: false, ariaLabel: "Body", value: JSON.stringify(given, null, 2) })];
}

function responses(operation) {
  return Object.entries(operation.responses).map(([code, given]) => {
    const response = resolve(given);
    const json = response.content?.["application/json"]?.schema;
    if (!json) return el("p", {}, el("code", {}, code), ` ${response.description}`);
    return [el("p", {}, el("code", {}, code), ` ${response.description}: `, el("span", { className: "type" }, typeOf(json))), prose(resolve(json).description),
      fields(json), el("details", {}, el("summary", {}, "Example"), el("pre", {}, JSON.stringify(example(json), null, 2)))];
  });
}

function fill(form, route) {
  const { operation } = route;
  const command = el("pre", {}), output = el("div", { ariaLive: "polite" });
  const refresh = () => { command.textContent = curl(route, build(route, form)); };
  form.append(...[prose(operation.description), operation.parameters?.length ? [el("h3", {}, "Parameters"), parameters(operation.parameters)] : [], bodyOf(operation) || [],
    el("h3", {}, "Try it"), command, el("button", { type: "submit" }, "Send"),
    el("button", { type: "button", className: "plain", onclick: () => navigator.clipboard.writeText(curl(route, build(route, form), true)) }, "Copy curl"),
    output, el("h3", {}, "Answers"), responses(operation)].flat(3).filter(Boolean));
  form.oninput = refresh;
  $("key").addEventListener("input", refresh);
  form.onsubmit = (event) => { event.preventDefault(); send(build(route, form), output); };
  refresh();
}

function show(route) {
  const { method, path, operation } = route;
  const form = el("form", {}), keys = operation.security[0];
  const access = keys ? Object.values(keys)[0][0] || "write key" : "open";
  const shown = el("details", { className: "route", id: operation.operationId, ontoggle: () => { if (shown.open && !form.hasChildNodes()) fill(form, route); } },
    el("summary", {}, el("span", { className: `method ${method}` }, method.toUpperCase()), el("span", { className: "path" }, path),
      el("span", { className: "about" }, (operation.description || operation.summary).split("\n")[0].replaceAll("`", "")), el("span", { className: "tag" }, access)),
    el("div", {}, form));
  return shown;
}

function find(routes) {
  const words = $("find").value.toLowerCase().split(/\s+/);
  for (const { shown, link, text } of routes) shown.hidden = link.hidden = !words.every((word) => text.includes(word));
}

function openNamed() {
  const named = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named) { named.open = true; named.scrollIntoView(); }
}

async function main() {
  api = await (await fetch("openapi.json")).json();
  $("version").textContent = api.info.version;
  $("about").append(...prose(api.info.description));
  $("key").value = sessionStorage.getItem("key") || "";
  $("key").addEventListener("input", () => sessionStorage.setItem("key", $("key").value));
  const routes = Object.entries(api.paths).flatMap(([path, operations]) => Object.entries(operations).map(([method, operation]) => ({ path, method, operation })));
  for (const tag of api.tags) {
    const section = el("section", {}, el("h2", {}, tag.name), ...prose(tag.description)), group = el("div", {}, el("b", {}, tag.name));
    $("main").append(section);
    $("nav").append(group);
    for (const route of routes.filter(({ operation }) => operation.tags.includes(tag.name))) {
      route.text = `${route.method} ${route.path} ${route.operation.description} ${tag.name}`.toLowerCase();
      section.append((route.shown = show(route)));
      group.append((route.link = el("a", { href: `#${route.operation.operationId}` }, el("span", { className: `method ${route.method}` }, route.method.toUpperCase()), " ", route.path)));
    }
  }
  $("find").oninput = () => find(routes);
  addEventListener("hashchange", openNamed);
  openNamed();
}

main().catch((error) => $("main").append(el("p", { className: "bad" }, `openapi.json cannot be read: ${error.message}`)));
