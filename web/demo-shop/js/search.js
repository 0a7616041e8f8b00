/** The search page changes category and order without a load, as many shops do. */

import "./basket.js";
import { CATEGORIES, CURRENCY, PRODUCTS, categoryName, lineOf } from "./catalogue.js";
import { announce, card, make } from "./parts.js";

const ORDERS = {
  popular: () => 0,
  cheapest: (one, other) => one.price - other.price,
  dearest: (one, other) => other.price - one.price,
};
const results = document.querySelector("#results");
const heading = document.querySelector("h1");
const order = document.querySelector("#order");
const query = document.querySelector("#query");

const asked = () => {
  const parameters = new URLSearchParams(location.search);
  return { words: parameters.get("q")?.trim() ?? "", category: parameters.get("category") ?? "" };
};

const found = ({ words, category }) =>
  PRODUCTS.filter((product) => !category || product.category === category).filter((product) =>
    words
      .toLowerCase()
      .split(/\s+/)
      .every((word) => `${product.name} ${categoryName(product.category)}`.toLowerCase().includes(word)),
  );

const show = () => {
  const question = asked();
  const products = found(question).sort(ORDERS[order.value]);
  heading.textContent = question.words ? `“${question.words}”` : question.category ? categoryName(question.category) : "Everything";
  document.title = `${heading.textContent} – Fern & Finch`;
  query.value = question.words;
  results.replaceChildren(...products.map(card));
  announce(products.length === 1 ? "One product" : `${products.length} products`);
  for (const link of document.querySelectorAll("#categories a")) {
    const current = new URL(link.href).searchParams.get("category") === (question.category || null);
    if (current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  return { question, products };
};

const report = ({ question, products }) => {
  if (question.words) footfall("productsSearched", { query: question.words, results: products.length });
  else {
    const list = products.slice(0, 10).map((product) => lineOf(product));
    footfall("productListViewed", { category: question.category || "everything", products: list, currency: CURRENCY });
  }
};

const go = (event) => {
  event.preventDefault();
  history.pushState({}, "", event.currentTarget.href);
  report(show());
};

for (const [slug, name] of [["", "Everything"], ...CATEGORIES]) {
  const link = make("a", { href: slug ? `search.html?category=${slug}` : "search.html" }, name);
  link.addEventListener("click", go);
  document.querySelector("#categories").append(make("li", {}, link));
}
order.addEventListener("change", show);
addEventListener("popstate", show);
report(show());
