// On a slow line the page is seen seconds before what answers its buttons is there: a press is kept for it (src/main.ts).
addEventListener("click", function keep({ target }) {
  const { dataset } = document.documentElement;
  if (dataset.started !== undefined) return removeEventListener("click", keep);
  const button = target.closest("#inputs button");
  if (!button) return;
  dataset.pressed = button.id;
  document.getElementById("status").textContent = "Loading the page …";
});
