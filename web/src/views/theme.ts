/** Dark or light: as the system, unless the visitor chose. */
import { byId } from "./dom.ts";

const KEY = "theme";

export function startTheme(onchange: () => void): void {
  const button = byId<HTMLButtonElement>("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const chosen = stored();
    document.documentElement.dataset["theme"] = chosen ?? (dark.matches ? "dark" : "light");
    button.setAttribute("aria-label", `Light / dark: switch the appearance, now ${chosen ?? "as the system"}`);
    onchange();
  };
  button.addEventListener("click", () => {
    const next = document.documentElement.dataset["theme"] === "dark" ? "light" : "dark";
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // Storage may be switched off; the choice then lasts for this visit only.
      document.documentElement.dataset["theme"] = next;
      onchange();
      return;
    }
    apply();
  });
  dark.addEventListener("change", apply);
  apply();
}

function stored(): string | null {
  try {
    const value = localStorage.getItem(KEY);
    return value === "dark" || value === "light" ? value : null;
  } catch {
    return null;
  }
}
