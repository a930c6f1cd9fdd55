"""The dashboard as a whole: a choice of models, and tabs."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from genre_lib.dashboard.batch_tab import BatchTab
from genre_lib.dashboard.filters_tab import FiltersView
from genre_lib.dashboard.listen_tab import ListenTab
from genre_lib.dashboard.model_choice import Models
from genre_lib.dashboard.model_tab import ModelTab
from genre_lib.dashboard.page_session import PageSession
from genre_lib.dashboard.paths import AllowedPaths
from genre_lib.dashboard.settings import Settings
from genre_lib.dashboard.teach_tab import TeachTab
from genre_lib.dashboard.visitor_folder import READY, session_folder
from genre_lib.errors import GenreLibError

_BY_PATH = "/"


class Dashboard:
    """Everything that a visitor sees.

    Attributes
    ----------
    widget : ipywidgets.Widget
    """

    def __init__(self, settings: Settings | None = None) -> None:
        settings = settings or Settings.from_environment()
        allowed = AllowedPaths.of(settings)
        self._models = Models(allowed)
        folder = session_folder(settings.sessions)
        self._page_session = PageSession()
        self._listen = ListenTab(allowed, self._models, self._page_session, folder, upload_bytes=settings.upload_bytes)
        self._model_tab = ModelTab(self._models, self._page_session)
        batch = BatchTab(
            allowed,
            self._models,
            self._page_session,
            folder,
            upload_bytes=settings.upload_bytes,
            listen=self._listen_to,
        )
        teach = TeachTab(
            allowed,
            self._models,
            folder,
            upload_bytes=settings.upload_bytes,
            song=lambda: self._listen.song,
            use=self._choose,
            listen=lambda: setattr(self._tabs, "selected_index", 0),
        )
        self._choice = widgets.Dropdown(options=self._options(), description="Model")
        self._path = widgets.Text(placeholder="runs/NAME/bundle", continuous_update=False)
        self._path.layout.display = "none"
        self._said = widgets.HTML()
        self._list_models()
        self._choice.observe(self._model_chosen, "value")
        self._path.observe(self._path_written, "value")
        tabs: list[tuple[str, widgets.Widget]] = [
            ("Listen", self._listen.widget),
            ("The model", self._model_tab.widget),
            ("Batch", batch.widget),
            ("Teach", teach.widget),
            ("Filters", FiltersView(self._models, allowed, lambda: self._listen.song)),
        ]
        self._tabs = widgets.Tab([widget for _, widget in tabs], titles=[title for title, _ in tabs])
        self._tabs.observe(self._tab_chosen, "selected_index")
        self._page_session.observe(self._arrived, "arrived")
        models = widgets.HBox([self._choice, self._path, self._said]).add_class("genre-models")
        self.widget = widgets.VBox([self._page_session, models, self._tabs.add_class("genre-tabs")]).add_class(
            "genre-app"
        )
        # Who waits for a warm kernel looks for this file.
        (folder / READY).touch()

    def _arrived(self, _: Any) -> None:
        """Open what the page's address asks for."""
        if model := self._page_session.asked_for("model"):
            self._choose(model)
        if song := self._page_session.asked_for("song"):
            self._listen.open(song)

    def _listen_to(self, path: Path, title: str) -> None:
        self._tabs.selected_index = 0
        self._listen.show(path, title)

    def _tab_chosen(self, change: dict[str, Any]) -> None:
        # Figures are drawn when they are looked at: most visitors only listen.
        if change["new"] == 1:
            self._model_tab.show()

    def _model_chosen(self, change: dict[str, Any]) -> None:
        self._path.layout.display = "" if change["new"] == _BY_PATH else "none"
        if change["new"] not in (None, _BY_PATH):
            self._choose(change["new"])

    def _path_written(self, change: dict[str, Any]) -> None:
        if change["new"]:
            self._choose(change["new"])

    def _choose(self, name: str) -> None:
        try:
            self._models.choose(name)
            self._said.value = ""
        except GenreLibError as error:
            self._said.value = f'<span class="genre-trouble" role="alert">{escape(str(error))}</span>'
        self._list_models()

    def _list_models(self) -> None:
        self._choice.unobserve_all("value")
        self._choice.options = self._options()
        self._choice.value = self._models.label or _BY_PATH
        self._choice.observe(self._model_chosen, "value")
        self._path.layout.display = "none" if self._models.label else ""

    def _options(self) -> list[tuple[str, str]]:
        return [(label, label) for label in self._models.labels] + [("a bundle's folder …", _BY_PATH)]
