/** Dark or light: as the system, unless the visitor chose. */
import { byId } from "./dom.ts";
import { parseHex } from "../../core/drawing/palette.ts";
import type { StreamTheme } from "../../core/drawing/stream-data.ts";

const KEY = "theme";

export function startTheme(onchange: () => void): void {
  const button = byId<HTMLButtonElement>("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const chosen = stored();
    document.documentElement.dataset["theme"] = chosen ?? (dark.matches ? "dark" : "light");
    button.setAttribute("aria-label", `Light or dark: now ${chosen ?? "as the system"}`);
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
  // Words on a canvas do not change by themselves when their typeface arrives.
  document.fonts.addEventListener("loadingdone", onchange);
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

/** The page's present colours, read from its style sheet so that they are defined once. */
export function currentTheme(): StreamTheme {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => parseHex(style.getPropertyValue(name).trim());
  return {
    paper: colour("--paper"), ink: colour("--ink"), faint: colour("--faint"), line: colour("--line"),
    fontFamily: style.getPropertyValue("--text").trim(), displayFamily: style.getPropertyValue("--display").trim(),
  };
}
