import { change, lines, remove, summary, total } from "./basket.js";
import { pounds } from "./catalogue.js";
import { announce, drawing, make, productUrl } from "./parts.js";

const quantityOf = (product, quantity) => {
  const input = make("input", { type: "number", min: 1, max: 20, value: quantity, "aria-label": `Quantity of ${product.name}` });
  input.addEventListener("change", () => {
    if (!input.checkValidity()) return;
    change(product, Number(input.value));
    show();
  });
  return input;
};

const removal = (product) => {
  const button = make("button", { type: "button", class: "plain", "aria-label": `Remove ${product.name}` }, "Remove");
  button.addEventListener("click", () => {
    remove(product);
    show();
    announce(`${product.name} removed.`);
  });
  return button;
};

const show = () => {
  document.querySelector("#lines").replaceChildren(
    ...lines().map(({ product, quantity }) =>
      make(
        "tr",
        {},
        make("td", {}, make("div", { class: "picture" }, drawing(product))),
        make("th", { scope: "row" }, make("a", { href: productUrl(product) }, product.name), removal(product)),
        make("td", {}, quantityOf(product, quantity)),
        make("td", { class: "amount" }, pounds(product.price * quantity)),
      ),
    ),
  );
  document.querySelector("#total").textContent = pounds(total());
  document.querySelector("#full").hidden = !lines().length;
  document.querySelector("#empty").hidden = Boolean(lines().length);
};

show();
footfall("cartViewed", summary());
