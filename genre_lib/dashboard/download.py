"""A button that gives the visitor a file made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

_ESM = """
export default {
  render({ model, el }) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "genre-download";
    button.textContent = model.get("label");
    button.addEventListener("click", () => model.send({}));
    el.append(button);
    model.on("msg:custom", (content, buffers) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([buffers[0]]));
      link.download = content.save;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    });
  },
};
"""


class Download(anywidget.AnyWidget):
    """The button; `make` gives the file's name and content when it is pressed."""

    _esm = _ESM
    label = traitlets.Unicode().tag(sync=True)

    def __init__(self, label: str, make: Callable[[], tuple[str, bytes]]) -> None:
        super().__init__(label=label)
        self._make = make
        self.on_msg(self._on_message)

    def _on_message(self, *_: Any) -> None:
        name, content = self._make()
        self.send({"save": name}, [content])
