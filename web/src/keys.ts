/** Keys that mean something wherever the focus is. */

export interface KeyEvents {
  /** The space bar. @returns false where there is nothing to play */
  onplay(): boolean;
  /** Any other key. @returns false for those that mean nothing */
  onkey(event: KeyboardEvent): boolean;
}

export function connectKeys({ onplay, onkey }: KeyEvents): void {
  // A button that was pressed with a mouse has the focus, but nobody means it by the space bar.
  let clicked: Element | null = null;
  addEventListener("pointerdown", ({ target }) => (clicked = (target as Element).closest("button")));
  addEventListener("focusin", ({ target, relatedTarget }) => (clicked = relatedTarget && target !== clicked ? null : clicked));
  addEventListener("keydown", (event) => {
    if (event.key === "Tab") clicked = null;
    const target = event.target as HTMLElement;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || target.closest("input, select, a, dialog")) return;
    if (event.key !== " ") {
      if (onkey(event)) event.preventDefault();
      return;
    }
    const button = target.closest("button");
    if ((button && !clicked) || !onplay()) return;
    event.preventDefault();
    // Firefox presses what has the focus when the key is let go.
    button?.blur();
    clicked = null;
  });
}
