"use strict";
// Conveniences. Everything works without them.

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  field.addEventListener("focus", () => field.select());
  if (!navigator.clipboard) continue; // plain http: the field can still be selected
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
}

const offer = document.querySelector("[data-browser-zone]");
if (offer) {
  const select = document.getElementById("zone");
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (name !== select.value && Array.from(select.options).some((option) => option.value === name)) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.textContent = `Choose ${name}`;
    button.addEventListener("click", () => (select.value = name));
    offer.append("This browser runs in another one. ", button);
    offer.hidden = false;
  }
}
