import { add } from "./basket.js";
import { CURRENCY, PRODUCTS, categoryName, lineOf, pounds, productOf } from "./catalogue.js";
import { announce, card, drawing } from "./parts.js";

const product = productOf(new URLSearchParams(location.search).get("id"));
const put = (selector, text) => (document.querySelector(selector).textContent = text);

if (product) {
  document.title = `${product.name} – Fern & Finch`;
  put("h1", product.name);
  put("#category", categoryName(product.category));
  document.querySelector("#category").href = `search.html?category=${product.category}`;
  put("#price", pounds(product.price));
  put("#about", product.about);
  document.querySelector("#picture").append(drawing(product));
  document.querySelector("#picture").setAttribute("data-footfall-hover", product.name);
  document.querySelector("#wish").setAttribute("data-footfall-product-id", product.product_id);
  const others = PRODUCTS.filter((other) => other !== product && other.category === product.category);
  document.querySelector("#similar").append(...[...others, ...PRODUCTS.filter((other) => other !== product)].slice(0, 4).map(card));
  footfall("productViewed", { ...lineOf(product), currency: CURRENCY });
} else {
  document.title = "Not found – Fern & Finch";
  put("h1", "We do not have that");
  document.querySelector("#buy").hidden = true;
}

document.querySelector("#buy").addEventListener("submit", (event) => {
  event.preventDefault();
  const quantity = Number(new FormData(event.currentTarget).get("quantity"));
  add(product, quantity);
  announce(`${quantity} × ${product.name} in your basket.`);
  document.querySelector("#to-basket").hidden = false;
});

document.querySelector("#wish").addEventListener("click", ({ currentTarget }) => {
  const wished = currentTarget.getAttribute("aria-pressed") !== "true";
  currentTarget.setAttribute("aria-pressed", wished);
  announce(wished ? "On your wish list." : "Off your wish list.");
});
